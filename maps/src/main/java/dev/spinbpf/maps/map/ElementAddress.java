package dev.spinbpf.maps.map;

/**
 * An address inside a value of a map.
 *
 * @param key bytes of the element's key
 * @param offset the address's distance from the beginning of the value, in bytes
 */
public record ElementAddress(byte[] key, long offset) {
    /** Returns a key of four bytes as a number, as the keys of arrays are. */
    public long index() {
        long index = 0;
        for (int i = Integer.BYTES - 1; i >= 0; i--) {
            index = index << Byte.SIZE | key[i] & 0xff;
        }
        return index;
    }
}
