package dev.spinbpf.tools.workload;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;

/** Changes a document in one to three places: keys and items that go, come, move or get another value. */
final class TreeMutation {
    private static final YamlNode.Place HERE = YamlNode.Place.START;
    private static final List<YamlNode> VALUES = List.of(
            text("5s"),
            text("0"),
            text("0ms"),
            text("1/s"),
            text("forever"),
            text("queued"),
            text("nmi"),
            text("a.o"),
            text(""),
            text(" x"),
            text("hex:00"),
            text("00 11"),
            scalar(YamlNode.ScalarKind.INTEGER, "0"),
            scalar(YamlNode.ScalarKind.INTEGER, "1"),
            scalar(YamlNode.ScalarKind.INTEGER, "63"),
            scalar(YamlNode.ScalarKind.INTEGER, "-1"),
            scalar(YamlNode.ScalarKind.INTEGER, "99999999999999999999"),
            scalar(YamlNode.ScalarKind.FLOAT, "1.0"),
            scalar(YamlNode.ScalarKind.FLOAT, "1.5"),
            scalar(YamlNode.ScalarKind.BOOLEAN, "true"),
            scalar(YamlNode.ScalarKind.NULL, ""),
            new YamlNode.Items(HERE, List.of()),
            new YamlNode.Keys(HERE, List.of()));

    private final SplittableRandom random;
    private final List<String> keys = new ArrayList<>(List.of("surprise"));

    TreeMutation(SplittableRandom random) {
        this.random = random;
        collect(WorkloadGrammar.FILE);
    }

    private void collect(Shape shape) {
        switch (shape) {
            case Shape.Mapping mapping ->
                mapping.keys().forEach(key -> {
                    keys.add(key.name());
                    collect(key.shape());
                });
            case Shape.Repeated repeated -> collect(repeated.item());
            default -> {}
        }
    }

    private static YamlNode text(String text) {
        return scalar(YamlNode.ScalarKind.TEXT, text);
    }

    private static YamlNode scalar(YamlNode.ScalarKind kind, String text) {
        return new YamlNode.Scalar(HERE, kind, text);
    }

    YamlNode mutate(YamlNode root) {
        YamlNode mutant = root;
        for (int i = 1 + random.nextInt(3); i > 0; i--) {
            mutant = change(mutant);
        }
        return mutant;
    }

    private YamlNode change(YamlNode node) {
        return switch (node) {
            case YamlNode.Scalar _ -> any();
            case YamlNode.Items items when items.items().isEmpty() || random.nextInt(6) == 0 -> changeList(items);
            case YamlNode.Items items -> {
                List<YamlNode> copy = new ArrayList<>(items.items());
                int at = random.nextInt(copy.size());
                copy.set(at, change(copy.get(at)));
                yield new YamlNode.Items(HERE, copy);
            }
            case YamlNode.Keys mapping
            when mapping.entries().isEmpty() || random.nextInt(5) == 0 -> changeKeys(mapping);
            case YamlNode.Keys mapping -> {
                List<YamlNode.Entry> copy = new ArrayList<>(mapping.entries());
                int at = random.nextInt(copy.size());
                YamlNode.Entry old = copy.get(at);
                copy.set(at, new YamlNode.Entry(HERE, old.key(), change(old.value())));
                yield new YamlNode.Keys(HERE, copy);
            }
        };
    }

    private YamlNode any() {
        return VALUES.get(random.nextInt(VALUES.size()));
    }

    private YamlNode changeList(YamlNode.Items items) {
        List<YamlNode> copy = new ArrayList<>(items.items());
        switch (random.nextInt(3)) {
            case 0 -> copy.add(copy.isEmpty() ? any() : copy.getFirst());
            case 1 -> Collections.reverse(copy);
            default -> copy.subList(0, Math.min(1, copy.size())).clear();
        }
        return new YamlNode.Items(HERE, copy);
    }

    private YamlNode changeKeys(YamlNode.Keys mapping) {
        List<YamlNode.Entry> copy = new ArrayList<>(mapping.entries());
        if (!copy.isEmpty() && random.nextBoolean()) {
            copy.remove(random.nextInt(copy.size()));
        }
        String key = keys.get(random.nextInt(keys.size()));
        boolean isNew = copy.stream().noneMatch(entry -> entry.key().equals(key));
        if (isNew && random.nextBoolean()) {
            copy.add(new YamlNode.Entry(HERE, key, any()));
        }
        return new YamlNode.Keys(HERE, copy);
    }
}
