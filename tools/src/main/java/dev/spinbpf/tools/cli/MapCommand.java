package dev.spinbpf.tools.cli;

import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.map.ElementBytes;
import dev.spinbpf.maps.map.MapCreationException;
import dev.spinbpf.maps.memory.GuestArena;
import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.linux.Errno;
import dev.spinbpf.programs.linux.MapType;
import dev.spinbpf.programs.model.MapDef;
import dev.spinbpf.tools.client.ServiceException;
import dev.spinbpf.tools.report.MapText;
import dev.spinbpf.tools.snapshot.LiveMaps;
import dev.spinbpf.tools.snapshot.MapSnapshot;
import dev.spinbpf.tools.snapshot.SnapshotDirectory;
import dev.spinbpf.tools.snapshot.SnapshotException;
import dev.spinbpf.vm.stress.ProgramWorkload;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * {@code spinbpf map}: maps that {@code run --save-maps} left in a directory, or that {@code map create} made there.
 */
@Command(
        name = "map",
        mixinStandardHelpOptions = true,
        usageHelpAutoWidth = true,
        customSynopsis = {
            "",
            "  spinbpf map list    DIR [MAP]",
            "  spinbpf map dump    DIR MAP",
            "  spinbpf map lookup  DIR MAP [key DATA]",
            "  spinbpf map update  DIR MAP [key DATA] [value VALUE] [any|exist|noexist]",
            "  spinbpf map delete  DIR MAP key DATA",
            "  spinbpf map getnext DIR MAP [key DATA]",
            "  spinbpf map create  DIR type TYPE key SIZE value SIZE entries N name NAME \\",
            "                          [flags N] [inner_map MAP]",
            "  spinbpf map { push | enqueue } DIR MAP value VALUE",
            "  spinbpf map { pop | dequeue | peek } DIR MAP",
            "  spinbpf map { list | dump | lookup | update | delete } --server URL [OBJECT NAME ...]",
            "",
            "  MAP := id N | name NAME     DATA := [hex] BYTES",
            "  VALUE := DATA | MAP (in maps of maps)",
            ""
        },
        description = {
            "Shows and changes maps that were saved in a directory, with bpftool's words and in bpftool's formats; with --server"
                    + " those of a running service, where OBJECT and NAME stand for DIR and MAP.",
            "A change happens completely or not at all: the directory holds the old maps or the new ones, whatever stops the"
                    + " command.",
            ""
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  spinbpf run programs/samples/packet_counter.bpf.o --save-maps state",
            "  spinbpf map list state",
            "  spinbpf map -p -j dump state name packets",
            "  spinbpf map lookup state name packets key 17 0 0 0",
            "  spinbpf map update state name packets key hex 11 00 00 00 \\",
            "      value hex 01 00 00 00 00 00 00 00 any",
            "  spinbpf map create state type hash key 4 value 8 entries 16 name limits",
            "  spinbpf run programs/samples/packet_counter.bpf.o --load-maps state \\",
            "      --dump-maps",
            "",
            "Exit codes: 0 done, 1 not found or refused, 2 wrong usage or a directory that cannot be read. --json prints JSON."
        })
final class MapCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "COMMAND", description = "One of the commands above.")
    private String command;

    @Parameters(index = "1", arity = "0..1", paramLabel = "DIR", description = "The directory.")
    private Path directory;

    @Parameters(index = "2..*", paramLabel = "WORDS", description = "The map and the element, in bpftool's words.")
    private List<String> words = List.of();

    @Mixin
    private final JsonOption json = new JsonOption();

    @Option(
            names = {"-p", "--pretty"},
            description = "Print indented JSON.")
    private boolean pretty;

    @Option(
            names = "--cpus",
            paramLabel = "N",
            defaultValue = "1",
            description =
                    "With create in a new directory: number of CPUs that per-CPU maps have values for, 1 to 64 (default 1).")
    private int cpus;

    @Mixin
    private final ServerOption server = new ServerOption();

    @SuppressWarnings("NullAway.Init") // picocli fills in the options
    MapCommand() {}

    @Override
    public Integer call() throws InputException, InterruptedException, ServiceException {
        if (command.equals("help")) {
            spec.commandLine().usage(spec.commandLine().getOut());
            return ExitCodes.GOOD;
        }
        if (!WorkloadInputs.given(spec, Set.of("--server")).isEmpty()) {
            String object = directory == null ? null : directory.toString();
            return server.ask(
                    client -> new RemoteMaps(client, spec.commandLine().getOut(), json.isGiven(), pretty)
                            .run(command, object, words));
        }
        if (directory == null) {
            throw new WrongUsage(spec, "name the directory that the maps are in");
        }
        try {
            return switch (command) {
                case "list", "show" -> list();
                case "dump" -> dump();
                case "lookup", "peek" -> lookup();
                case "getnext" -> getNext();
                case "update", "push", "enqueue", "delete", "create" -> change();
                case "pop", "dequeue" -> pop();
                default ->
                    throw new InputException("map " + command
                            + ": no such command; there are list, dump, lookup, update, delete, getnext, create, push, pop,"
                            + " peek, enqueue and dequeue");
            };
        } catch (SnapshotException e) {
            throw new InputException(String.valueOf(e.getMessage()));
        } catch (MapCommandException | MapCreationException e) {
            return fail(String.valueOf(e.getMessage()));
        }
    }

    private int fail(String message) {
        if (json.isGiven() || pretty) {
            spec.commandLine().getOut().print(MapText.error(message, pretty));
        } else {
            spec.commandLine().getErr().println("Error: " + message);
        }
        return ExitCodes.REFUSED;
    }

    private int print(String text) {
        spec.commandLine().getOut().print(text);
        return ExitCodes.GOOD;
    }

    private MapText printer(LiveMaps live) {
        return new MapText(live.cpu(), live::types, json.isGiven() || pretty, pretty);
    }

    private LiveMaps read() throws SnapshotException {
        return LiveMaps.of(SnapshotDirectory.read(directory));
    }

    private int list() throws SnapshotException, MapCommandException {
        try (LiveMaps live = read()) {
            MapWords rest = new MapWords(words);
            boolean all = rest.isEmpty();
            List<BpfMap> maps = all ? live.maps() : rest.maps(live.maps());
            rest.requireEnd();
            return print(printer(live).list(maps, all || maps.size() > 1));
        }
    }

    private int dump() throws SnapshotException, MapCommandException {
        try (LiveMaps live = read()) {
            MapWords rest = new MapWords(words);
            List<BpfMap> maps = rest.maps(live.maps());
            rest.requireEnd();
            return print(printer(live).dump(maps));
        }
    }

    private int lookup() throws SnapshotException, MapCommandException {
        try (LiveMaps live = read();
                GuestArena arena = new GuestArena("lookup")) {
            MapWords rest = new MapWords(words);
            BpfMap map = rest.map(live.maps());
            byte[] key = key(rest, map);
            int size = map.sysValueSize(0);
            long value = arena.allocate(Math.max(1, size));
            int error = map.sysLookup(live.cpu(), ElementBytes.copyIn(arena, key), value, 0);
            if (error == -Errno.ENOENT) {
                print(printer(live).notFound(key));
                return ExitCodes.REFUSED;
            }
            if (error != 0) {
                return fail("lookup failed: " + MapBytes.strerror(error));
            }
            return print(printer(live).element(map, key, GuestMemory.bytes(value, size)));
        }
    }

    private int getNext() throws SnapshotException, MapCommandException {
        try (LiveMaps live = read();
                GuestArena arena = new GuestArena("getnext")) {
            MapWords rest = new MapWords(words);
            BpfMap map = rest.map(live.maps());
            byte[] key =
                    rest.isEmpty() ? null : rest.element(keySize(map), -1, null).key();
            long next = arena.allocate(Math.max(1, map.def().keySize()));
            int error = map.getNextKey(live.cpu(), key == null ? 0 : ElementBytes.copyIn(arena, key), next);
            if (error != 0) {
                return fail("can't get next key: " + MapBytes.strerror(error));
            }
            return print(
                    printer(live).nextKey(key, GuestMemory.bytes(next, map.def().keySize())));
        }
    }

    /** The key that is looked up: of queues and stacks, which have none, the next value. */
    private static byte[] key(MapWords rest, BpfMap map) throws MapCommandException {
        byte[] key = rest.element(keySize(map), -1, null).key();
        return key == null ? new byte[0] : key;
    }

    /** Queues and stacks have no keys. */
    private static int keySize(BpfMap map) {
        return map.def().keySize() == 0 ? -1 : map.def().keySize();
    }

    /** Takes the next value of a queue or stack. */
    private int pop() throws SnapshotException, MapCommandException {
        if (!SnapshotDirectory.hasSnapshot(directory)) {
            SnapshotDirectory.read(directory); // fails, rather than to make a directory
        }
        try (SnapshotDirectory locked = SnapshotDirectory.open(directory);
                LiveMaps live = read();
                GuestArena arena = new GuestArena("pop")) {
            MapWords rest = new MapWords(words);
            BpfMap map = rest.map(live.maps());
            rest.requireEnd();
            if (map.def().keySize() != 0) {
                throw new MapCommandException("pop is for queues and stacks; delete is for maps with keys");
            }
            int size = map.sysValueSize(0);
            long value = arena.allocate(Math.max(1, size));
            int error = map.sysLookupAndDelete(live.cpu(), 0, value, 0);
            if (error == -Errno.ENOENT) {
                print(json.isGiven() || pretty ? printer(live).nothing() : "Error: empty map\n");
                return ExitCodes.REFUSED;
            }
            if (error != 0) {
                return fail("pop failed: " + MapBytes.strerror(error));
            }
            locked.write(live.snapshot());
            return print(printer(live).element(map, new byte[0], GuestMemory.bytes(value, size)));
        }
    }

    /** Changes the maps in the directory while no other command does. */
    private int change() throws SnapshotException, MapCommandException, MapCreationException, InputException {
        if (!command.equals("create") && !SnapshotDirectory.hasSnapshot(directory)) {
            SnapshotDirectory.read(directory); // fails, rather than to make a directory
        }
        if (cpus < 1 || cpus > ProgramWorkload.MOST_CPUS) {
            throw new InputException("--cpus is " + cpus + "; it has to be 1 to " + ProgramWorkload.MOST_CPUS);
        }
        try (SnapshotDirectory locked = SnapshotDirectory.open(directory);
                LiveMaps live =
                        SnapshotDirectory.hasSnapshot(directory) ? read() : LiveMaps.of(MapSnapshot.empty(cpus));
                GuestArena arena = new GuestArena("change")) {
            int error =
                    switch (command) {
                        case "create" -> create(live);
                        case "delete" -> delete(live, arena);
                        default -> update(live, arena);
                    };
            if (error != 0) {
                String what = command.equals("delete") || command.equals("create") ? command : "update";
                return fail(what + " failed: " + MapBytes.strerror(error));
            }
            locked.write(live.snapshot());
            return print(printer(live).nothing());
        }
    }

    private int update(LiveMaps live, GuestArena arena) throws MapCommandException {
        MapWords rest = new MapWords(words);
        BpfMap map = rest.map(live.maps());
        boolean nested = map.type() == MapType.ARRAY_OF_MAPS || map.type() == MapType.HASH_OF_MAPS;
        MapWords.Request request = rest.element(keySize(map), map.def().valueSize(), nested ? live.maps() : null);
        byte[] value = ElementBytes.forEachCpu(map, MapBytes.required(request.value()));
        long valueAddress = ElementBytes.copyIn(arena, value);
        return request.key() == null
                ? map.push(live.cpu(), valueAddress, request.flags())
                : map.sysUpdate(live.cpu(), ElementBytes.copyIn(arena, request.key()), valueAddress, request.flags());
    }

    private int delete(LiveMaps live, GuestArena arena) throws MapCommandException {
        MapWords rest = new MapWords(words);
        BpfMap map = rest.map(live.maps());
        byte[] key = MapBytes.required(rest.element(keySize(map), -1, null).key());
        return map.sysDelete(live.cpu(), ElementBytes.copyIn(arena, key));
    }

    private int create(LiveMaps live) throws MapCommandException, MapCreationException {
        MapWords rest = new MapWords(words);
        MapType type = null;
        String name = null;
        long keySize = 0;
        long valueSize = 0;
        long entries = 0;
        long flags = 0;
        BpfMap inner = null;
        while (!rest.isEmpty()) {
            if (rest.take("type")) {
                type = rest.type();
            } else if (rest.take("name")) {
                name = rest.next("name");
            } else if (rest.take("key")) {
                keySize = rest.number("key size");
            } else if (rest.take("value")) {
                valueSize = rest.number("value size");
            } else if (rest.take("entries")) {
                entries = rest.number("max entries");
            } else if (rest.take("flags")) {
                flags = rest.number("flags");
            } else if (rest.take("inner_map")) {
                inner = rest.map(live.maps());
            } else {
                throw new MapCommandException("unknown arg " + rest.next("argument"));
            }
        }
        if (type == null || name == null) {
            throw new MapCommandException("map " + (name == null ? "name" : "type") + " not specified");
        }
        String wanted = name;
        if (live.maps().stream().anyMatch(map -> map.name().equals(wanted))) {
            throw new MapCommandException("there is a map with name " + name + " already");
        }
        live.create(
                MapDef.builder(name, type)
                        .keySize((int) keySize)
                        .valueSize((int) valueSize)
                        .maxEntries(entries)
                        .flags(flags)
                        .inner(inner == null ? null : inner.def())
                        .build(),
                inner == null ? Btf.EMPTY : live.types(inner));
        return 0;
    }
}
