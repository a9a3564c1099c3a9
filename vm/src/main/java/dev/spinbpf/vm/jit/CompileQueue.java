package dev.spinbpf.vm.jit;

import dev.spinbpf.vm.exec.Code;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Compiles programs on a thread of its own, once they have executed so many instructions that it is worth while. The
 * thread ends when it has had nothing to do for a while.
 */
public final class CompileQueue implements AutoCloseable {
    private static final long IDLE_SECONDS = 5;

    /**
     * Most instructions of a program that is compiled without being asked to. Until HotSpot has compiled all methods of a larger
     * one, which may take seconds, the interpreter is faster.
     */
    private static final int MOST_UNASKED = 4_096;

    private final ThreadPoolExecutor thread = new ThreadPoolExecutor(
            1, 1, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), CompileQueue::newThread);

    /** A queue without programs, and without a thread yet. */
    public CompileQueue() {
        thread.allowCoreThreadTimeOut(true);
        thread.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
    }

    private static Thread newThread(Runnable work) {
        Thread thread = new Thread(work, "spinbpf-compiler");
        thread.setDaemon(true);
        return thread;
    }

    /** Compiles a program when it turns out to be busy; its runs go on in the interpreter meanwhile. */
    public void addWhenHot(Code code, AccessMode access) {
        if (code.end() > MOST_UNASKED) {
            code.interpretedBecause("it has more than " + MOST_UNASKED + " instructions; --jit always compiles it");
            return;
        }
        code.whenHot(hot -> thread.execute(() -> compile(hot, access)));
    }

    /** Compiles a program now; where that is not possible, the program says why it is interpreted. */
    public static void compile(Code code, AccessMode access) {
        try {
            code.machineCode(Compiler.compile(code, access));
        } catch (NotCompilableException e) {
            code.interpretedBecause(e.reason());
        }
    }

    /** Ends the thread; programs that wait stay interpreted. */
    @Override
    public void close() {
        thread.shutdownNow();
    }
}
