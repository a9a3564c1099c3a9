package dev.spinbpf.maps.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.BitSet;
import java.util.Optional;

/**
 * The processors that this process may use, and the way to share them out among threads.
 *
 * <p>Two emulated CPUs whose threads share a processor are slow where they meet in the queue of a lock: the one that runs
 * releases the lock and wants it again before the other has been scheduled to take it, so that each acquisition costs a
 * switch of threads. Some systems keep threads that yield on one processor although another is idle.
 */
public final class Processors {
    private static final int MOST_PROCESSORS = 1 << 12;
    private static final int THIS_THREAD = 0;

    private Processors() {}

    /** The functions of the system, of which there are none but on Linux. */
    private record Calls(MethodHandle get, MethodHandle set) {
        static final Optional<Calls> ALL = find();

        @SuppressWarnings("restricted")
        private static Optional<Calls> find() {
            if (!System.getProperty("os.name").equals("Linux")) {
                return Optional.empty();
            }
            Linker linker = Linker.nativeLinker();
            Optional<MemorySegment> get = linker.defaultLookup().find("sched_getaffinity");
            Optional<MemorySegment> set = linker.defaultLookup().find("sched_setaffinity");
            FunctionDescriptor type = FunctionDescriptor.of(
                    ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.ADDRESS);
            return get.isEmpty() || set.isEmpty()
                    ? Optional.empty()
                    : Optional.of(
                            new Calls(linker.downcallHandle(get.get(), type), linker.downcallHandle(set.get(), type)));
        }

        /** Returns the processors that a thread may use; empty where the system does not say. */
        BitSet of(int thread) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment mask = arena.allocate(MOST_PROCESSORS / Byte.SIZE, Long.BYTES);
                int bytes = (int) get.invokeExact(thread, mask.byteSize(), mask);
                return bytes < 0 ? new BitSet() : BitSet.valueOf(mask.asByteBuffer());
            } catch (Throwable e) {
                throw new LinkageError("sched_getaffinity could not be called", e);
            }
        }

        void confine(BitSet processors) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment mask = arena.allocate(MOST_PROCESSORS / Byte.SIZE, Long.BYTES);
                mask.copyFrom(MemorySegment.ofArray(processors.toByteArray()));
                int ignored = (int) set.invokeExact(THIS_THREAD, mask.byteSize(), mask);
            } catch (Throwable e) {
                throw new LinkageError("sched_setaffinity could not be called", e);
            }
        }
    }

    /**
     * Confines the thread that calls to one of several equal shares of the processors that this process may use, as far
     * as the system lets it. Nothing happens where there are fewer processors than shares.
     *
     * @param share the share's number, from 0
     * @param shares how many there are
     */
    public static void confine(int share, int shares) {
        if (Calls.ALL.isPresent()) {
            Calls calls = Calls.ALL.get();
            BitSet own = share(calls.of((int) ProcessHandle.current().pid()), share, shares);
            if (!own.isEmpty()) {
                calls.confine(own);
            }
        }
    }

    /** Returns one of several shares of a set, neighbours together; an empty one where there are fewer than shares. */
    static BitSet share(BitSet all, int share, int shares) {
        int[] processors = all.stream().toArray();
        BitSet own = new BitSet();
        if (processors.length >= shares) {
            for (int i = share * processors.length / shares; i < (share + 1) * processors.length / shares; i++) {
                own.set(processors[i]);
            }
        }
        return own;
    }
}
