package dev.spinbpf.verifier.explain;

import dev.spinbpf.programs.elf.SectionNames;
import dev.spinbpf.programs.isa.Op;
import dev.spinbpf.programs.model.LoadRefusal;
import dev.spinbpf.programs.model.UnresolvedReloc;
import dev.spinbpf.verifier.call.KernelCallChecker;
import dev.spinbpf.verifier.refusal.RefusalKind;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Advice on objects that no program of which gets to the verifier. */
final class LoadAdvice {
    private static final int MAX_NAMES = 8;

    /** The thing that a CO-RE relocation asks for, in libbpf's words: {@code <byte_off> [5] struct task_struct.pid (0:1 @ offset 4)}. */
    private static final Pattern WANTED = Pattern.compile("\\] (.+?) \\(");

    /** Remedies, by a part of the reason why Linux does not create a map; the first that fits counts. */
    private static final List<Map.Entry<String, String>> MAP_REMEDIES = List.of(
            Map.entry("needs BPF_F_NO_PREALLOC", "Add __uint(map_flags, BPF_F_NO_PREALLOC) to the map."),
            Map.entry("always pre-allocated", "Leave BPF_F_NO_PREALLOC out of the map's map_flags."),
            Map.entry("exclude each other", "Keep one of the two in the map's map_flags."),
            Map.entry("max_entries must not be 0", "Add __uint(max_entries, N) to the map."),
            Map.entry("max_entries must be 0", "Leave max_entries out of the map's definition."),
            Map.entry(
                    "definition of its inner map",
                    "Add __array(values, struct { ... }) with the inner map's definition."),
            Map.entry(
                    " are not for type ",
                    "Leave these out of the map's map_flags, or use a type of map that takes them."),
            Map.entry("the size of a ring buffer", "Set max_entries to a power of two, 4096 or more."),
            Map.entry("together are too large", "Make the value smaller; large data can be several elements."),
            Map.entry("has no keys", "Leave __type(key, ...) or key_size out of the map's definition."),
            Map.entry("has no values", "Leave __type(value, ...) or value_size out of the map's definition."),
            Map.entry(
                    "needs the types of key and value",
                    "Declare the map with __type(key, ...) and __type(value, ...)."),
            Map.entry("the key of ", "Change __type(key, ...) or key_size to what the reason asks for."),
            Map.entry("the value of ", "Change __type(value, ...) or value_size to what the reason asks for."),
            Map.entry("a per-CPU value of", "Make the value smaller, or use a map that is not per-CPU."));

    private LoadAdvice() {}

    /** A helper that Linux does not have, which stands for a CO-RE relocation that found nothing where that is its number. */
    static Advice invalidFunction(Case the) {
        boolean isRelocation =
                the.refused().op() == Op.CALL_HELPER && the.refused().immLow() == UnresolvedReloc.HELPER;
        if (!isRelocation) {
            return CallAdvice.general(the);
        }
        UnresolvedReloc reloc = the.unit().object().unresolvedAt(the.unit().program(), the.insn());
        Matcher matcher = WANTED.matcher(reloc == null ? "" : reloc.description());
        String what = matcher.find()
                ? "`" + matcher.group(1) + "`, which " + the.here() + " asks for,"
                : "What " + the.here() + " asks for";
        return Advice.general(RefusalKind.of("relocation"))
                .because(what + " is not in the types of this kernel: it has another name there, or is missing.");
    }

    /** A kernel function of which there are types and no address. */
    static Advice withoutAddress(Case the) {
        String[] words = the.text().replace("'", "").replaceAll("\\.$", "").split(" ", -1);
        String name = words[words.length - 1];
        String ending = KernelCallChecker.IMPLEMENTATION;
        String plain = name.endsWith(ending) ? name.substring(0, name.length() - ending.length()) : "";
        return the.general()
                .because("The types of this kernel name `" + name
                        + "`, and it has no function of that name; __weak and bpf_ksym_exists() ask the types alone.")
                .mendedBy(
                        plain.isEmpty()
                                ? the.general().remedy()
                                : "Call " + plain
                                        + "(), without the last argument, which this kernel adds itself; " + name
                                        + "() is for older kernels.");
    }

    /** A function that is to be traced and has no address. */
    static Advice targetWithoutAddress(Case the) {
        String target = the.unit().program().attachTarget();
        return the.general()
                .because("The types of this kernel name `" + target
                        + "`, and it has no function of that name: the compiler put it into its callers.")
                .mendedBy("Attach to a function that calls it, or to a tracepoint nearby.");
    }

    static String reason(LoadRefusal refusal, RefusalKind kind) {
        boolean isExtern = refusal.message().startsWith("libbpf: extern");
        String general = isExtern
                ? "The object declares a symbol that this kernel lacks, and libbpf loads all programs of an object or"
                        + " none"
                : kind.reason();
        String reason = refusal.reason().isEmpty() ? general : refusal.reason();
        String begun = Character.toUpperCase(reason.charAt(0)) + reason.substring(1);
        return begun.endsWith(".") ? begun : begun + ".";
    }

    /** A program whose section does not say its type. */
    static Advice unknownSection(String section) {
        List<String> similar = SectionNames.withSameWord(section);
        return Advice.general(RefusalKind.of("loading"))
                .because("The section's name says the program's type, and none has the name '" + section + "'.")
                .mendedBy(
                        similar.isEmpty()
                                ? "Name the section as libbpf knows it: SEC(\"xdp\"), SEC(\"tc\"), SEC(\"kprobe/...\")."
                                : "Write a name that libbpf knows in SEC(): "
                                        + String.join(", ", similar.subList(0, Math.min(similar.size(), MAX_NAMES)))
                                        + ".");
    }

    static String remedy(LoadRefusal refusal, RefusalKind kind) {
        String message = refusal.message();
        if (message.contains("re-mmap")) {
            return "Declare every variable of that section static or __hidden, or give the lock (timer, kptr) a section"
                    + " of its own, such as SEC(\".bss.lock\") or SEC(\".data.lock\"), with static variables only.";
        }
        if (message.contains("CONFIG_")) {
            return "Pass the kernel's configuration with --kconfig FILE, such as /boot/config-$(uname -r), or declare"
                    + " the variable __weak.";
        }
        if (message.contains("struct_ops init_kern")) {
            return "Load the object into a kernel that has it (--kernel or --btf names its types), or leave the struct"
                    + " out there: bpf_map__set_autocreate(map, false).";
        }
        if (message.contains("BPF program load failed")) {
            return "Mend that program first: verify --prog shows why it is refused.";
        }
        if (message.contains("incompatible with")) {
            return "Declare it with the parameters and the result that the kernel's has, as vmlinux.h declares it; with"
                    + " another prototype it is never there.";
        }
        if (message.contains("(var ksym)") || message.contains("(strong): not resolved")) {
            return "Check the variable's name against this kernel, or declare it __weak and test its address before"
                    + " use.";
        }
        if (message.contains("extern")) {
            return "Check the name and prototype against this kernel, or declare it __weak and test for it.";
        }
        return MAP_REMEDIES.stream()
                .filter(remedy -> refusal.reason().contains(remedy.getKey()))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse(kind.remedy());
    }
}
