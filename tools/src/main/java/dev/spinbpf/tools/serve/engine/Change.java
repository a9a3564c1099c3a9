package dev.spinbpf.tools.serve.engine;

import java.util.List;

/** Something that was changed. */
public sealed interface Change {
    /** An object was uploaded. */
    record Uploaded(ServedObject object) implements Change {}

    /** An object was removed. */
    record Removed(String object) implements Change {}

    /** A program is in another state. */
    record Moved(ServedProgram program) implements Change {}

    /** An element was put into a map. */
    record Updated(String object, String map, byte[] key, byte[] value) implements Change {}

    /** An element was removed from a map. */
    record Deleted(String object, String map, byte[] key) implements Change {}

    /**
     * The workload was started or stopped.
     *
     * @param running true where it runs now
     * @param durationMillis how long it runs, -1 until it is stopped
     * @param seed of its random choices
     */
    record Workload(boolean running, long durationMillis, long seed) implements Change {}

    /** A file that workloads may name was uploaded. */
    record Stored(UploadedFile file) implements Change {}

    /** A file that workloads may name was removed. */
    record Discarded(String file) implements Change {}

    /** Another workload took the place of the one before, with these objects. */
    record Replaced(List<String> objects) implements Change {
        /** Copies the list. */
        public Replaced {
            objects = List.copyOf(objects);
        }
    }

    /** Learns of changes, one after the other, before they are acknowledged. */
    @FunctionalInterface
    interface Listener {
        /**
         * Called after a change.
         *
         * @throws Refusal where it cannot be kept, and so must not be acknowledged
         */
        void changed(Change change) throws Refusal;
    }
}
