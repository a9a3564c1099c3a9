package dev.spinbpf.vm;

import dev.spinbpf.vm.context.LoadedProgram;
import dev.spinbpf.vm.exec.ProgramStream;

/**
 * The contents of a program's streams, {@code BPF_STDOUT} and {@code BPF_STDERR}: its own prints, and reports of locks
 * that it could not take.
 *
 * @param program its name
 * @param out what the first holds, at most {@link ProgramStream#CAPACITY} bytes
 * @param outDropped how many writes to it did not fit
 * @param err what the second holds
 * @param errDropped how many writes to it did not fit
 */
public record ProgramOutput(String program, String out, long outDropped, String err, long errDropped) {

    /** Takes what is in a program's streams. */
    public static ProgramOutput take(LoadedProgram loaded) {
        ProgramStream out = loaded.code().out();
        ProgramStream err = loaded.code().err();
        return new ProgramOutput(loaded.name(), out.read(), out.dropped(), err.read(), err.dropped());
    }

    public boolean isEmpty() {
        return out.isEmpty() && err.isEmpty();
    }
}
