package dev.spinbpf.tools.cli;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.elf.ReadOptions;
import dev.spinbpf.programs.linux.KernelVersion;
import dev.spinbpf.verifier.KernelProfile;
import java.util.Map;

/**
 * A kernel that programs are verified for.
 *
 * @param name the name in reports: as the user wrote it
 * @param version decides on the rules
 * @param types its types, {@link Btf#EMPTY} if there are none
 * @param typesSource where the types are from, in a few words
 * @param config its configuration: values by names
 * @param configSource where the configuration is from, in a few words
 */
record TargetKernel(
        String name,
        KernelVersion version,
        Btf types,
        String typesSource,
        Map<String, String> config,
        String configSource) {
    static final String NONE = "none";

    /** The options with which objects are read for this kernel. */
    ReadOptions readOptions() {
        return ReadOptions.DEFAULT.withTargetTypes(types).withConfig(config).withKernelVersion(version.code());
    }

    /** One line that says what verdicts are based on. */
    String description() {
        return "rules of Linux " + version + " (" + KernelProfile.measurement(version) + "); types: " + typesSource
                + "; configuration: " + configSource;
    }
}
