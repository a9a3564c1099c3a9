package dev.spinbpf.programs.elf;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.linux.KernelVersion;
import java.util.Map;

/**
 * The kernel that an object is read for: the facts that a loader would ask of the running one.
 *
 * @param targetTypes types that CO-RE relocations are resolved against; {@link Btf#EMPTY} for the object's own
 * @param kernelVersion value of {@code LINUX_KERNEL_VERSION}: {@code major << 16 | minor << 8 | patch}
 * @param kconfig values of {@code CONFIG_*} externs as in a kernel's configuration file: {@code y}, {@code m},
 *     {@code n}, a number, or a string in double quotes
 * @param possibleCpus CPUs, for maps that have an element each and do not say how many
 * @param mapEntries most entries of maps, by name, in place of what they are declared with
 * @param mapValueSizes bytes of maps' values, by name, in place of what they are declared with
 * @param presets values of global variables, by name, as veristat's {@code -G} spells both
 * @param externsAreWeak whether functions and variables that the kernel lacks count as declared weak
 * @param withoutLoader whether the object is to run without its loader: maps that declare no size get a usual one, and
 *     sections may have names of other loaders than libbpf
 */
public record ReadOptions(
        Btf targetTypes,
        int kernelVersion,
        Map<String, String> kconfig,
        int possibleCpus,
        Map<String, Long> mapEntries,
        Map<String, Long> mapValueSizes,
        Map<String, String> presets,
        boolean externsAreWeak,
        boolean withoutLoader) {
    /** The release that is the reference, no configuration known, two CPUs, the object's own types. */
    public static final ReadOptions DEFAULT = new ReadOptions(
            Btf.EMPTY, KernelVersion.REFERENCE.code(), Map.of(), 2, Map.of(), Map.of(), Map.of(), false, false);

    public ReadOptions {
        kconfig = Map.copyOf(kconfig);
        mapEntries = Map.copyOf(mapEntries);
        mapValueSizes = Map.copyOf(mapValueSizes);
        presets = Map.copyOf(presets);
    }

    /** The same with other types to relocate against. */
    public ReadOptions withTargetTypes(Btf types) {
        return new ReadOptions(
                types,
                kernelVersion,
                kconfig,
                possibleCpus,
                mapEntries,
                mapValueSizes,
                presets,
                externsAreWeak,
                withoutLoader);
    }

    /** The same with another value of {@code LINUX_KERNEL_VERSION}. */
    public ReadOptions withKernelVersion(int version) {
        return new ReadOptions(
                targetTypes,
                version,
                kconfig,
                possibleCpus,
                mapEntries,
                mapValueSizes,
                presets,
                externsAreWeak,
                withoutLoader);
    }

    /** The same with another configuration. */
    public ReadOptions withConfig(Map<String, String> values) {
        return new ReadOptions(
                targetTypes,
                kernelVersion,
                values,
                possibleCpus,
                mapEntries,
                mapValueSizes,
                presets,
                externsAreWeak,
                withoutLoader);
    }

    /** The same with other numbers of maps' entries. */
    public ReadOptions withMapEntries(Map<String, Long> entries) {
        return new ReadOptions(
                targetTypes,
                kernelVersion,
                kconfig,
                possibleCpus,
                entries,
                mapValueSizes,
                presets,
                externsAreWeak,
                withoutLoader);
    }

    /** The same with other sizes of maps' values. */
    public ReadOptions withMapValueSizes(Map<String, Long> sizes) {
        return new ReadOptions(
                targetTypes,
                kernelVersion,
                kconfig,
                possibleCpus,
                mapEntries,
                sizes,
                presets,
                externsAreWeak,
                withoutLoader);
    }

    /** The same with other values of global variables. */
    public ReadOptions withPresets(Map<String, String> values) {
        return new ReadOptions(
                targetTypes,
                kernelVersion,
                kconfig,
                possibleCpus,
                mapEntries,
                mapValueSizes,
                values,
                externsAreWeak,
                withoutLoader);
    }

    /** The same for a machine with another number of CPUs. */
    public ReadOptions withPossibleCpus(int number) {
        return new ReadOptions(
                targetTypes,
                kernelVersion,
                kconfig,
                number,
                mapEntries,
                mapValueSizes,
                presets,
                externsAreWeak,
                withoutLoader);
    }

    /** The same where what the kernel lacks stops only the programs that use it. */
    public ReadOptions withWeakExterns() {
        return new ReadOptions(
                targetTypes,
                kernelVersion,
                kconfig,
                possibleCpus,
                mapEntries,
                mapValueSizes,
                presets,
                true,
                withoutLoader);
    }

    /** The same for an object that runs without its loader. */
    public ReadOptions forRuns() {
        return new ReadOptions(
                targetTypes,
                kernelVersion,
                kconfig,
                possibleCpus,
                mapEntries,
                mapValueSizes,
                presets,
                externsAreWeak,
                true);
    }
}
