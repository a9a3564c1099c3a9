package dev.spinbpf.verifier.flow;

import dev.spinbpf.verifier.state.MapInfo;

/** Rules that concern the program as a whole, before any instruction is looked at. */
public interface ProgramRules {
    /** Refuses a map that programs of this kind must not use. */
    void checkMap(Exploration path, MapInfo map);

    /** Refuses a program that cannot be attached where it says, or that must not sleep there. */
    void checkProgram(Exploration path);
}
