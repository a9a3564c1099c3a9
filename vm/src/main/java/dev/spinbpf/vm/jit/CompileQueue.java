package dev.spinbpf.vm.jit;

import dev.spinbpf.vm.exec.Code;
import dev.spinbpf.vm.exec.MachineCode;
import dev.spinbpf.vm.exec.PiecedCode;
import java.lang.ref.WeakReference;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Compiles programs on a thread of its own, once they have executed so many instructions that it is worth while, and opens the pieces of
 * large ones as HotSpot gets done with them. The thread ends when it has had nothing to do for a while.
 */
public final class CompileQueue implements AutoCloseable {
    private static final long IDLE_SECONDS = 5;

    private final ScheduledThreadPoolExecutor thread = new ScheduledThreadPoolExecutor(1, CompileQueue::newThread);

    /** A queue without programs, and without a thread yet. */
    public CompileQueue() {
        thread.setKeepAliveTime(IDLE_SECONDS, TimeUnit.SECONDS);
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
        code.whenHot(hot -> thread.execute(() -> {
            if (compiled(hot, access) instanceof PiecedCode pieces) {
                tend(new WeakReference<>(pieces));
            }
        }));
    }

    /** Opens pieces of a program from time to time, for as long as it is there. */
    private void tend(WeakReference<PiecedCode> reference) {
        PiecedCode pieces = reference.get();
        if (pieces != null) {
            thread.schedule(() -> tend(reference), pieces.tend(), TimeUnit.MILLISECONDS);
        }
    }

    /** Compiles a program now, each piece of a large one too; where that is not possible, the program says why it is interpreted. */
    public static void compile(Code code, AccessMode access) {
        if (compiled(code, access) instanceof PiecedCode pieces) {
            pieces.openAll();
        }
    }

    private static @Nullable MachineCode compiled(Code code, AccessMode access) {
        try {
            MachineCode machine = Compiler.compile(code, access);
            code.machineCode(machine);
            return machine;
        } catch (NotCompilableException e) {
            code.interpretedBecause(e.reason());
            return null;
        }
    }

    /** Ends the thread; programs that wait stay interpreted. */
    @Override
    public void close() {
        thread.shutdownNow();
    }
}
