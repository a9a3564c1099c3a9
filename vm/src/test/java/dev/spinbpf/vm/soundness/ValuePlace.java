package dev.spinbpf.vm.soundness;

/** A place in a frame that holds a number or a pointer. */
sealed interface ValuePlace {
    int frame();

    long read(ConcreteState at);

    /** A register. */
    record Register(int frame, int number) implements ValuePlace {
        @Override
        public long read(ConcreteState at) {
            return at.run().register(frame, number);
        }

        @Override
        public String toString() {
            return "r" + number + (frame == 0 ? "" : " of frame " + frame);
        }
    }

    /** Bytes of the stack, at an offset from the frame's end. */
    record Stack(int frame, int offset, int sizeBytes) implements ValuePlace {
        @Override
        public long read(ConcreteState at) {
            return at.stack(frame, offset, sizeBytes);
        }

        @Override
        public String toString() {
            return "u" + 8 * sizeBytes + " fp" + offset + (frame == 0 ? "" : " of frame " + frame);
        }
    }
}
