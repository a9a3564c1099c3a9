package dev.spinbpf.tools.cli;

import dev.spinbpf.vm.stress.Loading;
import java.util.Map;
import picocli.CommandLine.Option;

/** {@code -G}, {@code --map-entries} and {@code --map-value-size}: settings that loaders make before they load an object. */
final class LoadingOptions {
    @Option(
            names = "--map-entries",
            paramLabel = "MAP=N",
            description =
                    "Most entries of a map, as loaders set them with bpf_map__set_max_entries(); may be given several"
                            + " times.")
    private Map<String, Long> mapEntries = Map.of();

    @Option(
            names = "--map-value-size",
            paramLabel = "MAP=N",
            description =
                    "Bytes of a map's values, as loaders set them with bpf_map__set_value_size(), which stack traces"
                            + " often need; may be given several times.")
    private Map<String, Long> mapValueSizes = Map.of();

    @Option(
            names = "-G",
            paramLabel = "VAR=VALUE",
            description = "Value of a global variable before the object is loaded, as veristat has it: -G"
                    + " 'cfg.limits[2]=0x10', -G mode=FAST.")
    private Map<String, String> globals = Map.of();

    Loading loading() {
        return new Loading(globals, mapEntries, mapValueSizes, Map.of());
    }
}
