package dev.spinbpf.tools.workload;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/** Compares a document with its shape, and adds a mistake for each difference. */
final class ShapeChecker {
    private static final int MOST_MISTAKES = 1000;

    private final Mistakes mistakes;

    ShapeChecker(Mistakes mistakes) {
        this.mistakes = mistakes;
    }

    /** @param path the key that the node is the value of */
    void check(YamlNode node, Shape shape, String path) {
        if (mistakes.count() > MOST_MISTAKES) {
            return;
        }
        switch (shape) {
            case Shape.Text text -> checkText(node, text, path);
            case Shape.Choice choice -> checkChoice(node, choice, path);
            case Shape.Whole whole -> checkWhole(node, whole, path);
            case Shape.Repeated repeated -> checkItems(node, repeated, path);
            case Shape.Mapping mapping -> checkKeys(node, mapping, path);
            case Shape.Anything _ -> {}
        }
    }

    private void wrong(YamlNode node, Shape shape, String path, String hint) {
        mistakes.add(node.place(), path, "expected " + shape.words() + ", found " + node.words() + hint);
    }

    private void checkText(YamlNode node, Shape.Text shape, String path) {
        if (node instanceof YamlNode.Scalar scalar && scalar.kind() == YamlNode.ScalarKind.TEXT) {
            int length = scalar.text().codePointCount(0, scalar.text().length());
            boolean fits = length <= shape.mostCharacters()
                    && shape.pattern().matcher(scalar.text()).matches();
            if (!fits) {
                wrong(node, shape, path, length > shape.mostCharacters() ? " of " + length + " characters" : "");
            }
            return;
        }
        boolean quotable = node instanceof YamlNode.Scalar scalar
                && shape.pattern().matcher(scalar.text()).matches();
        wrong(node, shape, path, quotable ? "; write it in quotes" : "");
    }

    private void checkChoice(YamlNode node, Shape.Choice shape, String path) {
        boolean isText = node instanceof YamlNode.Scalar scalar && scalar.kind() == YamlNode.ScalarKind.TEXT;
        String text = node instanceof YamlNode.Scalar scalar ? scalar.text() : "";
        if (!isText || !shape.values().contains(text)) {
            wrong(node, shape, path, isText ? Mistakes.suggestion(text, shape.values()) : "");
        }
    }

    private void checkWhole(YamlNode node, Shape.Whole shape, String path) {
        BigInteger value = node instanceof YamlNode.Scalar scalar ? scalar.integer() : null;
        if (value == null || value.compareTo(shape.least()) < 0 || value.compareTo(shape.most()) > 0) {
            wrong(node, shape, path, "");
        }
    }

    private void checkItems(YamlNode node, Shape.Repeated shape, String path) {
        if (!(node instanceof YamlNode.Items list)) {
            wrong(node, shape, path, "");
            return;
        }
        int size = list.items().size();
        if (size < shape.least()) {
            wrong(node, shape, path, "");
        } else if (size > shape.most()) {
            wrong(node, shape, path, " of " + size + "; at most " + shape.most() + " are read");
        }
        for (int i = 0; i < size; i++) {
            check(list.items().get(i), shape.item(), path + "[" + i + "]");
        }
    }

    private void checkKeys(YamlNode node, Shape.Mapping shape, String path) {
        if (!(node instanceof YamlNode.Keys found)) {
            wrong(node, shape, path, "");
            return;
        }
        List<String> known = shape.keys().stream().map(Shape.KeyShape::name).toList();
        for (YamlNode.Entry entry : found.entries()) {
            int index = known.indexOf(entry.key());
            if (index < 0) {
                mistakes.add(entry.place(), join(path, entry.key()), unknown(entry.key(), known));
            } else {
                check(entry.value(), shape.keys().get(index).shape(), join(path, entry.key()));
            }
        }
        for (Shape.KeyShape key : shape.keys()) {
            checkPresence(found, key, path);
        }
        for (Shape.OneOf choice : shape.choices()) {
            checkChoice(found, choice, path);
        }
    }

    private static String unknown(String found, List<String> known) {
        String suggestion = Mistakes.suggestion(found, known);
        return "is not known here"
                + (suggestion.isEmpty() ? "; expected one of " + String.join(", ", known) : suggestion);
    }

    private void checkPresence(YamlNode.Keys found, Shape.KeyShape key, String path) {
        YamlNode value = found.get(key.name());
        if (value == null && key.isRequired()) {
            mistakes.add(
                    found.place(),
                    join(path, key.name()),
                    "expected " + key.shape().words() + ", found no such key in " + in(path));
        }
        if (value != null && !key.needs().isEmpty() && found.get(key.needs()) == null) {
            mistakes.add(
                    place(found, key.name()),
                    join(path, key.name()),
                    "expected the key '" + key.needs() + "' beside it, found none");
        }
    }

    private void checkChoice(YamlNode.Keys found, Shape.OneOf choice, String path) {
        List<String> present = new ArrayList<>(choice.keys());
        present.removeIf(key -> found.get(key) == null);
        String all = new Shape.Choice(choice.keys()).words();
        if (present.isEmpty() && choice.isRequired()) {
            mistakes.add(found.place(), path, "expected one of the keys " + all + ", found none");
        }
        for (String second : present.subList(Math.min(1, present.size()), present.size())) {
            mistakes.add(
                    place(found, second),
                    join(path, second),
                    "expected one of the keys " + all + ", found '" + present.getFirst() + "' too");
        }
    }

    private static YamlNode.Place place(YamlNode.Keys mapping, String key) {
        for (YamlNode.Entry entry : mapping.entries()) {
            if (entry.key().equals(key)) {
                return entry.place();
            }
        }
        return mapping.place();
    }

    private static String in(String path) {
        return path.isEmpty() ? "the file" : "this mapping";
    }

    private static String join(String path, String key) {
        return path.isEmpty() ? key : path + "." + key;
    }
}
