package dev.spinbpf.tools.cli;

import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.programs.linux.MapFlags;
import dev.spinbpf.programs.linux.MapType;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Reads the words after {@code spinbpf map}, which are bpftool's; each may be cut short, as there. */
final class MapWords {
    private static final int MOST_BYTE = 255;

    private final Deque<String> words;

    MapWords(List<String> words) {
        this.words = new ArrayDeque<>(words);
    }

    /**
     * The element that a command names, and its new value.
     *
     * @param key its key, or null where none was given
     * @param value its value, or null where none was given
     * @param flags {@code BPF_ANY}, {@code BPF_NOEXIST} or {@code BPF_EXIST}
     */
    record Request(byte @Nullable [] key, byte @Nullable [] value, long flags) {}

    boolean isEmpty() {
        return words.isEmpty();
    }

    /** Takes the next word if it is this one, or the beginning of it. Returns true if it was taken. */
    boolean take(String word) {
        String next = words.peek();
        boolean fits = next != null && !next.isEmpty() && word.startsWith(next);
        if (fits) {
            words.remove();
        }
        return fits;
    }

    /** The next word. */
    String next(String what) throws MapCommandException {
        String word = words.poll();
        if (word == null) {
            throw new MapCommandException("expected " + what + ", got nothing");
        }
        return word;
    }

    void requireEnd() throws MapCommandException {
        if (!words.isEmpty()) {
            throw new MapCommandException("what is '" + words.peek() + "'?");
        }
    }

    /** A number as C writes it: decimal, 0x hexadecimal, 0 octal. */
    long number(String what) throws MapCommandException {
        String word = next(what);
        try {
            long value = Long.decode(word);
            if (value >= 0 && value <= 0xffff_ffffL) {
                return value;
            }
        } catch (NumberFormatException e) {
            // Refused below.
        }
        throw new MapCommandException("can't parse " + what + ": " + word);
    }

    /** {@code id NUMBER} or {@code name NAME}: the maps that it means, one at least. */
    List<BpfMap> maps(List<BpfMap> all) throws MapCommandException {
        List<BpfMap> found = new ArrayList<>();
        String handle;
        if (take("id")) {
            long id = number("ID");
            handle = "id " + id;
            all.stream().filter(map -> map.id() == id).forEach(found::add);
        } else if (take("name")) {
            String name = next("name");
            handle = "name " + name;
            all.stream()
                    .filter(map ->
                            map.name().equals(name) || map.def().kernelName().equals(name))
                    .forEach(found::add);
        } else {
            throw new MapCommandException("expected 'id' or 'name', got: '" + next("'id' or 'name'") + "'?");
        }
        if (found.isEmpty()) {
            throw new MapCommandException("there is no map with " + handle);
        }
        return found;
    }

    BpfMap map(List<BpfMap> all) throws MapCommandException {
        List<BpfMap> found = maps(all);
        if (found.size() > 1) {
            throw new MapCommandException("several maps match this handle");
        }
        return found.getFirst();
    }

    /**
     * {@code [key BYTES] [value BYTES] [any|noexist|exist]}, in any order.
     *
     * @param keySize bytes of the key, or -1 where there may be none
     * @param valueSize bytes of the value, or -1 where there may be none
     * @param inner the maps that a value may refer to, in a map of maps; else null
     */
    Request element(int keySize, int valueSize, @Nullable List<BpfMap> inner) throws MapCommandException {
        byte[] key = null;
        byte[] value = null;
        long flags = -1;
        while (!words.isEmpty()) {
            if (take("key")) {
                if (keySize < 0 || key != null) {
                    throw new MapCommandException(keySize < 0 ? "unnecessary key" : "duplicate key");
                }
                key = bytes("key", keySize);
            } else if (take("value")) {
                if (valueSize < 0 || value != null) {
                    throw new MapCommandException(valueSize < 0 ? "unnecessary value" : "duplicate value");
                }
                value = inner == null
                        ? bytes("value", valueSize)
                        : id(map(inner).id());
            } else {
                long given = flag();
                if (flags >= 0) {
                    throw new MapCommandException("flags specified multiple times");
                }
                flags = given;
            }
        }
        if (keySize >= 0 && key == null || valueSize >= 0 && value == null) {
            throw new MapCommandException("did not find " + (keySize >= 0 && key == null ? "key" : "value"));
        }
        return new Request(key, value, Math.max(0, flags));
    }

    private long flag() throws MapCommandException {
        if (take("any")) {
            return MapFlags.BPF_ANY;
        }
        if (take("noexist")) {
            return MapFlags.BPF_NOEXIST;
        }
        if (take("exist")) {
            return MapFlags.BPF_EXIST;
        }
        throw new MapCommandException("expected key or value, got: " + words.peek());
    }

    private static byte[] id(int id) {
        return new byte[] {(byte) id, (byte) (id >> 8), (byte) (id >> 16), (byte) (id >> 24)};
    }

    /** {@code [hex] BYTE...}: as many as there have to be. */
    private byte[] bytes(String what, int size) throws MapCommandException {
        boolean hex = take("hex");
        byte[] bytes = new byte[size];
        for (int i = 0; i < size; i++) {
            if (words.isEmpty()) {
                throw new MapCommandException(what + " expected " + size + " bytes got " + i);
            }
            bytes[i] = byteOf(words.remove(), hex);
        }
        return bytes;
    }

    private static byte byteOf(String word, boolean hex) throws MapCommandException {
        try {
            String digits = hex && word.toLowerCase(Locale.ROOT).startsWith("0x") ? word.substring(2) : word;
            int value = hex ? Integer.parseInt(digits, 16) : Integer.decode(word);
            if (value >= 0 && value <= MOST_BYTE) {
                return (byte) value;
            }
        } catch (NumberFormatException e) {
            // Refused below.
        }
        throw new MapCommandException("error parsing byte: " + word);
    }

    /** A kind of map by its name. */
    MapType type() throws MapCommandException {
        String word = next("type");
        for (MapType type : MapType.values()) {
            if (type.display().equals(word)) {
                return type;
            }
        }
        throw new MapCommandException("unrecognized map type: " + word);
    }
}
