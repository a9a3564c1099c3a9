package dev.spinbpf.tools.cli;

import dev.spinbpf.vm.stress.Loading;
import java.util.Map;
import picocli.CommandLine.Option;

/** {@code -G} and {@code --map-entries}: settings that loaders make before they load an object. */
final class LoadingOptions {
    @Option(
            names = "--map-entries",
            paramLabel = "MAP=N",
            description =
                    "Most entries of a map, as loaders set them with bpf_map__set_max_entries(); may be given several"
                            + " times.")
    private Map<String, Long> mapEntries = Map.of();

    @Option(
            names = "-G",
            paramLabel = "VAR=VALUE",
            description = "Value of a global variable before the object is loaded, as veristat has it: -G"
                    + " 'cfg.limits[2]=0x10', -G mode=FAST.")
    private Map<String, String> globals = Map.of();

    Loading loading() {
        return new Loading(globals, mapEntries);
    }
}
