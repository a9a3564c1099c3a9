package dev.spinbpf.programs.btf;

import org.jspecify.annotations.Nullable;

/** The string section that belongs to a {@code .BTF} section; {@link BtfExt} refers to it by offset. */
public final class BtfStrings {
    private final BtfImage image;

    BtfStrings(BtfImage image) {
        this.image = image;
    }

    /**
     * The string at an offset, or null if that is outside of the section. A string longer than
     * {@link BtfReader#MAX_NAME_BYTES} is cut there.
     *
     * @param offset offset in bytes, unsigned
     */
    public @Nullable String at(int offset) {
        return Integer.compareUnsigned(offset, image.stringsLength()) < 0 ? image.string(offset) : null;
    }
}
