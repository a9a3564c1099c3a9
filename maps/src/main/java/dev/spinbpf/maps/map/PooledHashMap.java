package dev.spinbpf.maps.map;

import dev.spinbpf.maps.cpu.Cpu;

/**
 * A hash map whose elements come from an {@link ElementPool}: all but the LRUs. Each kind has its own {@code lookup} and
 * {@code release}, short as they are, so that the JVM compiles them without a call that depends on the kind.
 */
abstract sealed class PooledHashMap extends HashTableMap permits HashMapOfMaps, HashMapOfValues, PercpuHashMap {
    final ElementPool pool;

    /**
     * @param valueSlotSize bytes that the value takes in the element
     * @param replacesValues whether an update makes a new element instead of writing the old one, for which a
     *     pre-allocated map has an element more for each CPU
     */
    PooledHashMap(CheckedMapDef definition, long valueSlotSize, boolean replacesValues) {
        super(
                definition,
                HEADER_SIZE,
                valueSlotSize,
                replacesValues ? definition.environment().cpus().count() : 0);
        pool = new ElementPool(this, replacesValues);
    }

    /**
     * Takes an element for a key, under the bucket's lock.
     *
     * @param old the element that it replaces, or 0
     * @return the element, which has the key but no value, or a negative errno value
     */
    final long takeElement(Cpu cpu, long key, long old) {
        long element = pool.take(cpu, old);
        if (element > 0) {
            Bytes.copy(key, element + keyOffset, keySize);
        }
        return element;
    }

    final ElementPool pool() {
        return pool;
    }
}
