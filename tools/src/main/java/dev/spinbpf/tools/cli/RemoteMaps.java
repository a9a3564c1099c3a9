package dev.spinbpf.tools.cli;

import dev.spinbpf.tools.client.RemoteMap;
import dev.spinbpf.tools.client.ServiceClient;
import dev.spinbpf.tools.client.ServiceException;
import dev.spinbpf.tools.report.JsonText;
import dev.spinbpf.tools.report.Style;
import dev.spinbpf.tools.report.TextTable;
import java.io.PrintWriter;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code spinbpf map --server}: maps of a service, by their objects and names. */
final class RemoteMaps {
    private static final HexFormat SPACED = HexFormat.ofDelimiter(" ");
    private static final String NOTHING = "{}";

    private final ServiceClient client;
    private final PrintWriter out;
    private final boolean json;
    private final boolean pretty;

    RemoteMaps(ServiceClient client, PrintWriter out, boolean json, boolean pretty) {
        this.client = client;
        this.out = out;
        this.json = json || pretty;
        this.pretty = pretty;
    }

    /**
     * Runs a command.
     *
     * @param object the object's name; null for all, with list
     * @param words the map's name, then key, value and flag in bpftool's words
     */
    int run(String command, @Nullable String object, List<String> words)
            throws ServiceException, InputException, InterruptedException {
        try {
            if (command.equals("list") || command.equals("show")) {
                return list(object);
            }
            if (object == null || words.isEmpty()) {
                throw new InputException("map " + command + " --server: name the object and the map");
            }
            RemoteMap map = client.map(object, words.getFirst());
            MapWords rest = new MapWords(words.subList(1, words.size()));
            return switch (command) {
                case "dump" -> dump(map, rest);
                case "lookup" -> lookup(map, rest);
                case "update" -> update(map, rest);
                case "delete" -> delete(map, rest);
                default ->
                    throw new InputException("map " + command
                            + " --server: no such command; there are list, dump, lookup, update and delete");
            };
        } catch (MapCommandException e) {
            throw new InputException(String.valueOf(e.getMessage()));
        }
    }

    private int list(@Nullable String object) throws ServiceException, InterruptedException {
        List<RemoteMap> maps = client.maps().stream()
                .filter(map -> object == null || map.object().equals(object))
                .toList();
        if (json) {
            JsonText text = new JsonText(pretty, false).begin('[');
            for (RemoteMap map : maps) {
                text.begin('{').name("object").string(map.object());
                text.name("name").string(map.name());
                text.name("type").string(map.type());
                text.name("bytes_key").number(map.keyBytes());
                text.name("bytes_value").number(map.valueBytes());
                text.name("max_entries").number(map.maxEntries()).end('}');
            }
            out.print(text.end(']').text());
            return ExitCodes.GOOD;
        }
        TextTable table = new TextTable("Object", "Map", "Type", ">Key", ">Value", ">Max entries");
        for (RemoteMap map : maps) {
            table.add(
                    map.object(),
                    map.name(),
                    map.type(),
                    map.keyBytes() + "B",
                    map.valueBytes() + "B",
                    Long.toString(map.maxEntries()));
        }
        out.print(
                table.isEmpty()
                        ? "no maps; they are there while a program of their object is loaded\n"
                        : table.render(Style.ofStandardOutput()));
        return ExitCodes.GOOD;
    }

    /** Prints page after page, as they come. */
    private int dump(RemoteMap map, MapWords rest) throws ServiceException, InterruptedException, MapCommandException {
        rest.requireEnd();
        long found = 0;
        String after = null;
        out.print(json ? "[" : "");
        do {
            RemoteMap.Page page = client.elements(map, after);
            for (RemoteMap.Element element : page.elements()) {
                out.print((json && found > 0 ? "," : "") + text(map, element));
                found++;
            }
            after = page.next();
        } while (after != null);
        out.print(json ? "]\n" : "Found " + found + (found == 1 ? " element\n" : " elements\n"));
        return ExitCodes.GOOD;
    }

    private int lookup(RemoteMap map, MapWords rest)
            throws ServiceException, InterruptedException, MapCommandException {
        byte[] key = MapBytes.required(rest.element(map.keyBytes(), -1, null).key());
        out.print(text(map, client.element(map, key)) + (json ? "\n" : ""));
        return ExitCodes.GOOD;
    }

    private int update(RemoteMap map, MapWords rest)
            throws ServiceException, InterruptedException, MapCommandException {
        MapWords.Request request = rest.element(map.keyBytes() == 0 ? -1 : map.keyBytes(), map.valueBytes(), null);
        byte[] key = request.key() == null ? new byte[0] : request.key();
        String flag = List.of("any", "noexist", "exist").get((int) request.flags());
        client.update(map, key, MapBytes.required(request.value()), flag);
        return ExitCodes.GOOD;
    }

    private int delete(RemoteMap map, MapWords rest)
            throws ServiceException, InterruptedException, MapCommandException {
        client.delete(
                map, MapBytes.required(rest.element(map.keyBytes(), -1, null).key()));
        return ExitCodes.GOOD;
    }

    private String text(RemoteMap map, RemoteMap.Element element) {
        if (json) {
            JsonText text = new JsonText(false, false).begin('{');
            text.name("key").bytes(HexFormat.of().parseHex(element.key()));
            text.name("values").begin('[');
            element.values().forEach(value -> text.bytes(HexFormat.of().parseHex(value)));
            text.end(']').name("formatted").raw(element.formatted());
            return text.end('}').text().stripTrailing();
        }
        if (!element.formatted().equals(NOTHING)) {
            return element.formatted() + "\n";
        }
        StringBuilder text = new StringBuilder(map.keyBytes() == 0 ? "" : "key: " + spaced(element.key()));
        boolean isPercpu = map.type().contains("percpu");
        for (int cpu = 0; cpu < element.values().size(); cpu++) {
            text.append(isPercpu ? "\nvalue (CPU %02d): ".formatted(cpu) : text.isEmpty() ? "value: " : "  value: ")
                    .append(spaced(element.values().get(cpu)));
        }
        return text.append('\n').toString();
    }

    private static String spaced(String hex) {
        return SPACED.formatHex(HexFormat.of().parseHex(hex));
    }
}
