package dev.spinbpf.tools.workload;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionEndEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.DocumentStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.MappingStartEvent;
import org.snakeyaml.engine.v2.events.NodeEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.parser.ParserImpl;
import org.snakeyaml.engine.v2.resolver.CoreScalarResolver;
import org.snakeyaml.engine.v2.scanner.StreamReader;

/**
 * Reads one YAML document as a tree with places. What a file can make it do is bounded: its size, how deep it nests, and
 * how many nodes there are once each alias has been replaced by what it stands for.
 */
final class YamlReader {
    /** Most bytes of a file. */
    static final int MOST_BYTES = 4 << 20;

    /** The most levels that values nest. */
    static final int MOST_DEPTH = 32;

    /** Most values. */
    static final int MOST_NODES = 200_000;

    private static final CoreScalarResolver RESOLVER = new CoreScalarResolver(false);

    private final Mistakes mistakes;
    private final Iterator<Event> events;
    private final Map<String, Anchored> anchors = new HashMap<>();
    private int nodes;

    private YamlReader(Mistakes mistakes, Iterator<Event> events) {
        this.mistakes = mistakes;
        this.events = events;
    }

    /** A node that aliases refer to, and how many nodes it consists of. */
    private record Anchored(YamlNode node, int nodes) {}

    /** Ends reading; the mistake has been added. */
    private static final class Stop extends Exception {
        private static final long serialVersionUID = 1L;
    }

    /** The document, or null where there is none that can be read; the reason has been added to the mistakes then. */
    static @Nullable YamlNode read(byte[] bytes, Mistakes mistakes) {
        if (bytes.length > MOST_BYTES) {
            mistakes.add(
                    YamlNode.Place.START, "has " + bytes.length + " bytes; a workload file has at most " + MOST_BYTES);
            return null;
        }
        LoadSettings settings =
                LoadSettings.builder().setCodePointLimit(MOST_BYTES).build();
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            Iterator<Event> events = new ParserImpl(settings, new StreamReader(settings, text));
            return new YamlReader(mistakes, events).document();
        } catch (CharacterCodingException e) {
            mistakes.add(YamlNode.Place.START, "is not UTF-8 text, as a workload file has to be");
        } catch (MarkedYamlEngineException e) {
            String context = e.getContext() == null ? "" : e.getContext() + ": ";
            mistakes.add(place(e.getProblemMark()), "is not YAML: " + context + e.getProblem());
        } catch (YamlEngineException e) {
            mistakes.add(YamlNode.Place.START, "is not YAML: " + e.getMessage());
        } catch (Stop e) {
            // The reason was added.
        }
        return null;
    }

    private static YamlNode.Place place(Optional<Mark> mark) {
        return mark.map(at -> new YamlNode.Place(at.getLine() + 1, at.getColumn() + 1))
                .orElse(YamlNode.Place.START);
    }

    private Stop stop(Event at, String text) {
        mistakes.add(place(at.getStartMark()), text);
        return new Stop();
    }

    private @Nullable YamlNode document() throws Stop {
        YamlNode root = null;
        while (events.hasNext()) {
            Event event = events.next();
            if (event instanceof DocumentStartEvent && root != null) {
                throw stop(event, "expected one document, found another one");
            }
            if (event instanceof NodeEvent node) {
                root = node(node, 0);
            }
        }
        if (root == null) {
            mistakes.add(YamlNode.Place.START, "is empty; it begins with: version: 1");
        }
        return root;
    }

    private YamlNode node(NodeEvent event, int depth) throws Stop {
        int before = nodes;
        count(event, 1);
        if (event instanceof AliasEvent alias) {
            Anchored anchored = anchors.get(alias.getAlias().getValue());
            if (anchored == null) {
                throw stop(
                        event, "alias *" + alias.getAlias().getValue() + " refers to itself or to nothing before it");
            }
            count(event, anchored.nodes);
            return anchored.node;
        }
        YamlNode read =
                switch (event) {
                    case ScalarEvent scalar -> scalar(scalar);
                    case CollectionStartEvent start -> collection(start, depth + 1);
                    default -> throw stop(event, "expected a value");
                };
        event.getAnchor().ifPresent(anchor -> anchors.put(anchor.getValue(), new Anchored(read, nodes - before)));
        return read;
    }

    private void count(Event event, int more) throws Stop {
        nodes += more;
        if (nodes > MOST_NODES) {
            throw stop(event, "has more than " + MOST_NODES + " values, aliases counted as what they stand for");
        }
    }

    private YamlNode scalar(ScalarEvent event) throws Stop {
        requireNoTag(event, event.getTag());
        Tag tag = event.isPlain() ? RESOLVER.resolve(event.getValue(), true) : Tag.STR;
        YamlNode.ScalarKind kind;
        if (tag.equals(Tag.INT)) {
            kind = YamlNode.ScalarKind.INTEGER;
        } else if (tag.equals(Tag.FLOAT)) {
            kind = YamlNode.ScalarKind.FLOAT;
        } else if (tag.equals(Tag.BOOL)) {
            kind = YamlNode.ScalarKind.BOOLEAN;
        } else {
            kind = tag.equals(Tag.NULL) ? YamlNode.ScalarKind.NULL : YamlNode.ScalarKind.TEXT;
        }
        return new YamlNode.Scalar(place(event.getStartMark()), kind, event.getValue());
    }

    private void requireNoTag(Event event, Optional<String> tag) throws Stop {
        if (tag.isPresent()) {
            throw stop(event, "has a tag; workload files use none");
        }
    }

    private YamlNode collection(CollectionStartEvent start, int depth) throws Stop {
        requireNoTag(start, start.getTag());
        if (depth > MOST_DEPTH) {
            throw stop(start, "nests more than " + MOST_DEPTH + " deep");
        }
        YamlNode.Place place = place(start.getStartMark());
        if (start instanceof MappingStartEvent) {
            return new YamlNode.Keys(place, entries(depth));
        }
        List<YamlNode> items = new ArrayList<>();
        for (Event event = events.next(); !(event instanceof CollectionEndEvent); event = events.next()) {
            items.add(node((NodeEvent) event, depth));
        }
        return new YamlNode.Items(place, List.copyOf(items));
    }

    private List<YamlNode.Entry> entries(int depth) throws Stop {
        List<YamlNode.Entry> entries = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (Event event = events.next(); !(event instanceof CollectionEndEvent); event = events.next()) {
            YamlNode key = node((NodeEvent) event, depth);
            YamlNode value = node((NodeEvent) events.next(), depth);
            if (!(key instanceof YamlNode.Scalar scalar)) {
                throw stop(event, "expected a key, found " + key.words());
            }
            if (names.add(scalar.text())) {
                entries.add(new YamlNode.Entry(key.place(), scalar.text(), value));
            } else {
                mistakes.add(key.place(), scalar.text(), "is there twice in one mapping");
            }
        }
        return List.copyOf(entries);
    }
}
