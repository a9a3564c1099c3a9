package dev.spinbpf.programs.btf;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The source of a {@link Btf}'s types. Immutable as seen from outside. */
sealed interface TypeSource permits TypeSource.Listed, BtfImage {
    /** Number of types, void included. */
    int size();

    /** The type with this id. */
    BtfType type(int id);

    /** Ids of all types of this name, ascending. */
    List<Integer> named(String name);

    /** Ids of all types whose names begin so, ascending. */
    List<Integer> beginningWith(String prefix);

    /** Ids of all types that may have a flavor, as their names contain {@code ___}. */
    List<Integer> flavored();

    /** Types that exist as records. */
    final class Listed implements TypeSource {
        private final List<BtfType> types;
        private final Map<String, List<Integer>> idsByName = new HashMap<>();
        private final List<Integer> flavored = new ArrayList<>();

        Listed(List<BtfType> types) {
            this.types = List.copyOf(types);
            for (int id = 1; id < this.types.size(); id++) {
                String name = this.types.get(id).name();
                if (!name.isEmpty()) {
                    idsByName.computeIfAbsent(name, key -> new ArrayList<>(1)).add(id);
                }
                if (name.contains("___")) {
                    flavored.add(id);
                }
            }
        }

        @Override
        public int size() {
            return types.size();
        }

        @Override
        public BtfType type(int id) {
            return types.get(id);
        }

        @Override
        public List<Integer> named(String name) {
            return idsByName.getOrDefault(name, List.of());
        }

        @Override
        public List<Integer> beginningWith(String prefix) {
            List<Integer> ids = new ArrayList<>();
            for (int id = 1; id < types.size(); id++) {
                if (types.get(id).name().startsWith(prefix)) {
                    ids.add(id);
                }
            }
            return ids;
        }

        @Override
        public List<Integer> flavored() {
            return flavored;
        }
    }
}
