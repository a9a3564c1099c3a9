package dev.spinbpf.tools.workload;

import dev.spinbpf.programs.promise.Promise;
import dev.spinbpf.tools.workload.Shape.Choice;
import dev.spinbpf.tools.workload.Shape.KeyShape;
import dev.spinbpf.tools.workload.Shape.Mapping;
import dev.spinbpf.tools.workload.Shape.OneOf;
import dev.spinbpf.tools.workload.Shape.Repeated;
import dev.spinbpf.tools.workload.Shape.Text;
import dev.spinbpf.tools.workload.Shape.Whole;
import dev.spinbpf.vm.stress.ProgramWorkload;
import dev.spinbpf.vm.task.TaskSpec;
import dev.spinbpf.vm.task.Tasks;
import java.util.List;
import java.util.regex.Pattern;

/** The keys of a workload file. Later versions add keys; none changes its meaning while the version is 1. */
final class WorkloadGrammar {
    /** The version of this form. */
    static final int VERSION = 1;

    /** Most packets of all sources together. */
    static final int MOST_PACKETS = 65_536;

    /** Most bytes of all packets together. */
    static final int MOST_PACKET_BYTES = 64 << 20;

    /** Most flows of one source of packets. */
    static final int MOST_FLOWS = 4096;

    private static final int MOST_ENTRIES = 10_000;
    private static final int MOST_OBJECTS = 64;
    private static final int MOST_CPUS = ProgramWorkload.MOST_CPUS;
    private static final int MOST_LOCKS = 4096;
    private static final int MOST_HEX = 10_560;
    private static final String NUMBER_OF_TIME = "(?:[0-9]{1,12}(?:\\.[0-9]{1,9})?(?:ns|us|ms)"
            + "|[0-9]{1,9}(?:\\.[0-9]{1,9})?s|[0-9]{1,6}(?:\\.[0-9]{1,9})?[mh])";
    private static final String POSITIVE_TIME = "(?=[0-9.]*[1-9])" + NUMBER_OF_TIME;

    private static final Text PATH =
            text("the name of a file", "[^\\u0000-\\u001f]*[^\\u0000-\\u0020][^\\u0000-\\u001f]*", 4096);
    private static final Text NAME = text("a name", "[!-~](?:[ -~]*[!-~])?", 256);
    private static final Text GLOBAL = text("VAR=VALUE", "[!-<>-~]+=[ -~]+", 4096);
    private static final Text MAP_ENTRIES = text("MAP=N", "[!-<>-~]+=[0-9]{1,10}", 256);
    private static final Text CONFIG = text("CONFIG_NAME=VALUE", "CONFIG_[A-Za-z0-9_]+=[ -~]+", 4096);
    private static final Text TIME = text("a time such as 0s, 100us or 20ms", NUMBER_OF_TIME, 32);
    private static final Text SOME_TIME = text("a time above 0 such as 100us, 20ms or 1.5s", POSITIVE_TIME, 32);
    private static final Text DURATION =
            text("a time above 0 such as 500ms, 5s or 2h, or forever", POSITIVE_TIME + "|forever", 32);
    private static final Text RATE =
            text("a rate such as 1000/s or 1/20ms", "[0-9]{1,9}/(?:ns|us|ms|s|m|h|" + POSITIVE_TIME + ")", 48);
    private static final Text HEX =
            text("hexadecimal digits in pairs", "[0-9A-Fa-f: ]*[0-9A-Fa-f][0-9A-Fa-f: ]*", MOST_HEX);
    private static final Text PROMISE = text(
            "a condition such as counters[0].value == runs(count_packet)",
            "[^\\u0000-\\u001f]*[^\\u0000-\\u0020][^\\u0000-\\u001f]*",
            Promise.MOST_CHARS);
    private static final Choice LEVEL = new Choice(List.of("task", "softirq", "hardirq", "nmi"));

    private static final KeyShape RATE_KEY =
            optional("rate", RATE, "events on each CPU, on average, at random moments");
    private static final KeyShape PERIOD_KEY =
            optional("period", SOME_TIME, "the time from one event to the next, at the same moments on all CPUs");

    private static final Mapping OBJECT = new Mapping(
            "a mapping with the key 'file'",
            List.of(
                    required(
                            "file", PATH, "a BPF object, or a text program (`.bpfasm`); relative to the workload file"),
                    optional("name", NAME, "what attachments and maps call it; else the file's name without its end"),
                    optional(
                            "programs",
                            new Repeated("a list of names of programs", NAME, 1, MOST_ENTRIES),
                            "the programs that take part; else all"),
                    optional(
                            "globals",
                            new Repeated("a list of VAR=VALUE", GLOBAL, 1, MOST_ENTRIES),
                            "values of global variables before it is loaded, as `-G` has them"),
                    optional(
                            "map_entries",
                            new Repeated("a list of MAP=N", MAP_ENTRIES, 1, MOST_ENTRIES),
                            "most entries of maps, in place of what they are declared with"),
                    optional(
                            "map_value_sizes",
                            new Repeated("a list of MAP=N", MAP_ENTRIES, 1, MOST_ENTRIES),
                            "bytes of maps' values, in place of what they are declared with"),
                    optional(
                            "config",
                            new Repeated("a list of CONFIG_NAME=VALUE", CONFIG, 1, MOST_ENTRIES),
                            "values of `CONFIG_*` externs, as in a kernel's configuration file")),
            List.of());

    private static final Mapping MODE = new Mapping(
            "a mapping with the key 'name'",
            List.of(
                    required("name", new Choice(List.of("aa", "abba", "abbcca", "torture")), "the mode"),
                    optional("locks", Whole.of(1, MOST_LOCKS), "number of resilient locks, in `torture`; else 48"),
                    optional(
                            "normal_delay",
                            TIME,
                            "length of a critical section outside NMIs; else 20ms, in `torture` about 20us"),
                    optional("nmi_delay", TIME, "length of one in an NMI; else 10ms, in `torture` about 10us")),
            List.of());

    private static final Mapping PACE = new Mapping(
            "a mapping with the key 'rate' or 'period'",
            List.of(RATE_KEY, PERIOD_KEY),
            List.of(new OneOf(List.of("rate", "period"), true)));

    private static final Mapping INTERRUPTS = new Mapping(
            "a mapping with the keys 'nmi' and 'hardirq'",
            List.of(
                    optional("nmi", PACE, "NMIs on each CPU; else at a rate of 1000/s"),
                    optional(
                            "hardirq",
                            PACE,
                            "timer interrupts on each CPU, with a mode soft ones too; else at a rate of 1000/s")),
            List.of());

    private static final Mapping ATTACHMENT = new Mapping(
            "a mapping with the key 'program'",
            List.of(
                    optional("object", NAME, "the object; needed where several have a program of that name"),
                    required("program", NAME, "the program"),
                    optional(
                            "hook",
                            NAME,
                            "the hook, or a place to nest the program into; else the hook that the program's section"
                                    + " names"),
                    optional("level", LEVEL, "the context in which its events come; else the hook's own"),
                    RATE_KEY,
                    PERIOD_KEY,
                    optional(
                            "cpus",
                            new Repeated("a list of numbers of CPUs", Whole.of(0, MOST_CPUS - 1), 1, MOST_CPUS),
                            "the CPUs on which its events come, from 0; else all")),
            List.of(new OneOf(List.of("rate", "period"), false)));

    private static final Mapping DELAY = new Mapping(
            "a mapping with the key 'time'",
            List.of(
                    optional(
                            "lock",
                            NAME,
                            "the lock: its name in reports, or that of the variable or member alone, or `bucket` and"
                                    + " the like; else any"),
                    optional("map", NAME, "the map that the lock is in, be it a program's or the map's own; else any"),
                    optional("level", LEVEL, "the context in which the lock is taken; else any"),
                    required("time", SOME_TIME, "how long the CPU is busy right after it took the lock"),
                    optional(
                            "one_in",
                            Whole.of(1, 1_000_000_000),
                            "once in so many acquisitions on average, chosen by the seed; else each time")),
            List.of());

    private static final Mapping ELEMENT = new Mapping(
            "a mapping with the keys 'key' and 'value'",
            List.of(
                    optional("key", new Shape.Anything(), "the key; left out for queues, stacks and bloom filters"),
                    required("value", new Shape.Anything(), "the value; for a per-CPU map the value on each CPU")),
            List.of());

    private static final Mapping MAP = new Mapping(
            "a mapping with the keys 'map' and 'elements'",
            List.of(
                    optional("object", NAME, "the object; needed where several have a map of that name"),
                    required("map", NAME, "the map; `.data`, `.bss` and other sections of global data too"),
                    required(
                            "elements",
                            new Repeated("a list of elements", ELEMENT, 1, MOST_ENTRIES),
                            "what is put in, in this order")),
            List.of());

    private static final Mapping PACKETS = new Mapping(
            "a mapping with one of the keys 'pcap', 'hex', 'flows' and 'mixed'",
            List.of(
                    optional(
                            "pcap",
                            PATH,
                            "a capture of Ethernet frames, as tcpdump writes it; relative to the workload file"),
                    optional("hex", HEX, "an Ethernet frame as digits, spaces and colons between pairs as you like"),
                    optional(
                            "flows",
                            Whole.of(1, MOST_FLOWS),
                            "a short UDP packet of each of so many flows, with addresses and ports of its own"),
                    optional(
                            "mixed",
                            Whole.of(1, MOST_FLOWS),
                            "so many packets of 32 kinds in turn: UDP, TCP, ICMP and ARP, IPv6, replies, errors, VLAN tags,"
                                    + " fragments, tunnels, options, and frames that are cut off")),
            List.of(new OneOf(List.of("pcap", "hex", "flows", "mixed"), true)));

    private static final Mapping TASK = new Mapping(
            "a mapping with the key 'pid'",
            List.of(
                    required("pid", Whole.of(2, TaskSpec.MOST_PID), "the process and thread id"),
                    optional(
                            "comm",
                            text("a name of at most 15 characters", "[ -~]+", TaskSpec.MOST_COMM),
                            "its name; else `task`"),
                    optional("uid", Whole.of(0, Integer.MAX_VALUE), "its user and group; else 0"),
                    optional(
                            "cgroup",
                            text("a path such as /web or /system/db", TaskSpec.CGROUP.pattern(), 4096),
                            "the path of its cgroup; else `/`, the root"),
                    optional(
                            "stack",
                            new Repeated("a list of functions", NAME, 1, TaskSpec.MOST_FRAMES),
                            "the functions that it is in, in user space, outermost first")),
            List.of());

    /** The whole file. */
    static final Mapping FILE = new Mapping(
            "a mapping that begins with version: 1",
            List.of(
                    required("version", Whole.of(VERSION, VERSION), "the version of this form"),
                    optional("cpus", Whole.of(1, MOST_CPUS), "emulated CPUs; else 2, with `mode` 4"),
                    optional("duration", DURATION, "length of the run; else 5s"),
                    optional(
                            "seed",
                            Whole.of(Long.MIN_VALUE, Long.MAX_VALUE),
                            "the seed of everything that is chosen at random; else 1"),
                    optional(
                            "lock",
                            new Choice(List.of("queued", "tas", "both")),
                            "the resilient lock's algorithm; `both` for `torture` only; else queued, in `torture`"
                                    + " both"),
                    optional(
                            "held_times",
                            Whole.of(0, Integer.MAX_VALUE),
                            "measure how long locks are held, for one acquisition in so many; else 0 for none"),
                    optional("kernel_types", PATH, "the kernel's BTF, as for `--btf`; relative to the workload file"),
                    optional("objects", new Repeated("a list of objects", OBJECT, 1, MOST_OBJECTS), "the objects"),
                    optional("mode", MODE, "stresses the lock without programs, as `--mode` does"),
                    optional("interrupts", INTERRUPTS, "interrupts besides those of attachments"),
                    needing(
                            "attachments",
                            new Repeated("a list of attachments", ATTACHMENT, 1, MOST_ENTRIES),
                            "objects",
                            "which programs run on which events; else each accepted one where its section says"),
                    needing(
                            "delays",
                            new Repeated("a list of delays", DELAY, 1, 256),
                            "objects",
                            "time that CPUs spend in critical sections, besides what programs do there"),
                    needing(
                            "maps",
                            new Repeated("a list of maps", MAP, 1, MOST_ENTRIES),
                            "objects",
                            "what is in the maps at the start"),
                    needing(
                            "packets",
                            new Repeated("a list of packets", PACKETS, 1, MOST_ENTRIES),
                            "objects",
                            "the packets that arrive; else those of 64 flows"),
                    needing(
                            "packet_order",
                            new Choice(List.of("random", "in_turn")),
                            "packets",
                            "at random by the seed, or on each CPU in turn; else random"),
                    needing(
                            "tasks",
                            new Repeated("a list of tasks", TASK, 1, Tasks.MOST_DECLARED),
                            "objects",
                            "tasks that take turns on the CPUs; else each CPU has one of its own"),
                    needing(
                            "promises",
                            new Repeated("a list of conditions", PROMISE, 1, 256),
                            "objects",
                            "conditions that have to hold when the run has ended")),
            List.of(new OneOf(List.of("objects", "mode"), true)));

    private WorkloadGrammar() {}

    private static Text text(String words, String pattern, int mostCharacters) {
        return new Text(words, Pattern.compile(pattern), mostCharacters);
    }

    private static KeyShape required(String name, Shape shape, String meaning) {
        return new KeyShape(name, shape, true, "", meaning);
    }

    private static KeyShape optional(String name, Shape shape, String meaning) {
        return new KeyShape(name, shape, false, "", meaning);
    }

    private static KeyShape needing(String name, Shape shape, String needs, String meaning) {
        return new KeyShape(name, shape, false, needs, meaning);
    }
}
