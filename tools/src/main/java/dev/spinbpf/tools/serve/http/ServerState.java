package dev.spinbpf.tools.serve.http;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The parts of a server that its connections share. */
final class ServerState {
    private static final Logger LOG = LoggerFactory.getLogger("http");
    private static final long THREAD_SECONDS = 30;

    private final Router router;
    private final AccessRules access;
    private final HttpLimits limits;
    private final ConnectionGate gate;
    private final Semaphore heavy;
    private final ThreadPoolExecutor workers;
    private final RequestObserver observer;
    private volatile boolean draining;

    ServerState(Router router, AccessRules access, HttpLimits limits, RequestObserver observer) {
        this.observer = observer;
        this.router = router;
        this.access = access;
        this.limits = limits;
        gate = new ConnectionGate(limits);
        heavy = new Semaphore(limits.work().heavy());
        workers = new ThreadPoolExecutor(
                limits.work().workers(),
                limits.work().workers(),
                THREAD_SECONDS,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(limits.work().waiting()),
                Thread.ofPlatform().daemon().name("spinbpf-http-", 0).factory());
        workers.allowCoreThreadTimeOut(true);
    }

    Router router() {
        return router;
    }

    AccessRules access() {
        return access;
    }

    HttpLimits limits() {
        return limits;
    }

    ConnectionGate gate() {
        return gate;
    }

    RequestObserver observer() {
        return observer;
    }

    boolean isDraining() {
        return draining;
    }

    void drain() {
        draining = true;
    }

    void close() {
        workers.shutdownNow();
    }

    /** Has a request worked on, and hands the answer on: on this thread, or on a worker's. */
    void work(Route route, Request request, Consumer<Reply> answer) {
        if (route.lane() == Route.Lane.DIRECT) {
            answer.accept(reply(route, request));
            return;
        }
        boolean isHeavy = route.lane() == Route.Lane.HEAVY;
        if (isHeavy && !heavy.tryAcquire()) {
            answer.accept(busy().reply());
            return;
        }
        try {
            workers.execute(() -> {
                Reply reply = reply(route, request);
                if (isHeavy) {
                    heavy.release();
                }
                answer.accept(reply);
            });
        } catch (RejectedExecutionException e) {
            if (isHeavy) {
                heavy.release();
            }
            answer.accept(busy().reply());
        }
    }

    static Problem busy() {
        return Problem.of(503, "the service has too much to do; try again").header("Retry-After", "1");
    }

    private static Reply reply(Route route, Request request) {
        try {
            return route.handler().handle(request);
        } catch (Problem e) {
            return e.reply();
        } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
            LOG.atError()
                    .addKeyValue("method", route.method())
                    .addKeyValue("route", route.template())
                    .setCause(e)
                    .log("a request failed");
            return Problem.of(500, "the service failed on this request: " + e).reply();
        }
    }
}
