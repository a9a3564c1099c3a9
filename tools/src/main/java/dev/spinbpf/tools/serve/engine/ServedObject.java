package dev.spinbpf.tools.serve.engine;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.vm.stress.ByteString;
import java.util.List;

/**
 * An object that was uploaded.
 *
 * @param name its name
 * @param bytes its file
 * @param digest SHA-256 of its file, in hexadecimal
 * @param contents what the file declares
 * @param kernelTypes the kernel's types by which its programs were verified
 * @param programs its programs, those that could not be linked last
 */
public record ServedObject(
        String name,
        ByteString bytes,
        String digest,
        ProgramObject contents,
        Btf kernelTypes,
        List<ServedProgram> programs) {
    /** Copies the list. */
    public ServedObject {
        programs = List.copyOf(programs);
    }

    /** Returns true where any program is loaded, and so the maps are there. */
    public boolean isLoaded() {
        return programs.stream().anyMatch(ServedProgram::isLoaded);
    }
}
