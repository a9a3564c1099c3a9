package dev.spinbpf.tools.client;

import java.util.List;

/**
 * An object that a service holds.
 *
 * @param name its name there
 * @param programs its programs
 */
public record RemoteObject(String name, List<RemoteProgram> programs) {
    /** Copies the list. */
    public RemoteObject {
        programs = List.copyOf(programs);
    }

    /** Returns true where any program is loaded. */
    public boolean isLoaded() {
        return programs.stream().anyMatch(RemoteProgram::isLoaded);
    }
}
