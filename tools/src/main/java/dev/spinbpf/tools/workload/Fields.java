package dev.spinbpf.tools.workload;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A mapping of a workload file whose form has been compared with its shape. What did not fit there, and was reported,
 * reads as if it were absent, so that the rest can be checked all the same.
 */
final class Fields {
    private final YamlNode.@Nullable Keys keys;
    private final YamlNode.Place place;
    private final String path;
    private final Shape.Mapping shape;
    private final Mistakes mistakes;

    Fields(@Nullable YamlNode node, YamlNode.Place place, String path, Shape.Mapping shape, Mistakes mistakes) {
        this.keys = node instanceof YamlNode.Keys mapping ? mapping : null;
        this.place = node == null ? place : node.place();
        this.path = path;
        this.shape = shape;
        this.mistakes = mistakes;
    }

    String path(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    /** Returns the value of a key, of whatever form; null where there is none. */
    @Nullable
    YamlNode node(String key) {
        return keys == null ? null : keys.get(key);
    }

    boolean has(String key) {
        return node(key) != null;
    }

    /** Adds a mistake at the value of a key, or at the mapping where it has no such key. */
    void wrong(String key, String text) {
        YamlNode value = node(key);
        mistakes.add(value == null ? place : value.place(), path(key), text);
    }

    private boolean fits(YamlNode value, Shape expected) {
        Mistakes scratch = new Mistakes("");
        new ShapeChecker(scratch).check(value, expected, "");
        return scratch.isEmpty();
    }

    private Shape shapeOf(String key) {
        for (Shape.KeyShape known : shape.keys()) {
            if (known.name().equals(key)) {
                return known.shape();
            }
        }
        throw new IllegalArgumentException(key + " is not in the grammar");
    }

    /** Returns a text; an empty one where there is none that fits. */
    String text(String key) {
        boolean fits = node(key) instanceof YamlNode.Scalar scalar && fits(scalar, shapeOf(key));
        return fits && node(key) instanceof YamlNode.Scalar scalar ? scalar.text() : "";
    }

    /** Returns a number; the usual one where there is none that fits. */
    long whole(String key, long usual) {
        if (node(key) instanceof YamlNode.Scalar scalar && fits(scalar, shapeOf(key))) {
            BigInteger value = scalar.integer();
            return value == null ? usual : value.longValueExact();
        }
        return usual;
    }

    /** Returns the mapping under a key, an empty one where there is none. */
    Fields fields(String key) {
        if (shapeOf(key) instanceof Shape.Mapping inner) {
            return new Fields(node(key), place, path(key), inner, mistakes);
        }
        throw new IllegalArgumentException(key + " is no mapping in the grammar");
    }

    /** Returns the mappings in the list under a key. */
    List<Fields> list(String key) {
        List<Fields> all = new ArrayList<>();
        if (node(key) instanceof YamlNode.Items items
                && shapeOf(key) instanceof Shape.Repeated repeated
                && repeated.item() instanceof Shape.Mapping inner) {
            for (int i = 0; i < items.items().size(); i++) {
                all.add(new Fields(items.items().get(i), place, path(key) + "[" + i + "]", inner, mistakes));
            }
        }
        return all;
    }

    /** Returns the scalars in the list under a key that fit. */
    List<Item> scalars(String key) {
        List<Item> all = new ArrayList<>();
        if (node(key) instanceof YamlNode.Items items && shapeOf(key) instanceof Shape.Repeated repeated) {
            for (int i = 0; i < items.items().size(); i++) {
                if (items.items().get(i) instanceof YamlNode.Scalar scalar && fits(scalar, repeated.item())) {
                    all.add(new Item(scalar, path(key) + "[" + i + "]"));
                }
            }
        }
        return all;
    }

    /** Returns where mistakes are added. */
    Mistakes mistakes() {
        return mistakes;
    }

    /** A scalar in a list, and its key. */
    record Item(YamlNode.Scalar scalar, String path) {}
}
