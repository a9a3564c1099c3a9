package dev.spinbpf.programs.elf;

/**
 * A symbol.
 *
 * @param index its index in the symbol table
 * @param type {@code STT_*}
 * @param bind {@code STB_*}
 * @param visibility {@code STV_*}
 * @param section index of the section that it is in, or a special value
 * @param value its offset in the section
 */
record ElfSymbol(int index, String name, int type, int bind, int visibility, int section, long value, long size) {
    static final int TYPE_NONE = 0;
    static final int TYPE_OBJECT = 1;
    static final int TYPE_FUNC = 2;
    static final int TYPE_SECTION = 3;
    static final int LOCAL = 0;
    static final int GLOBAL = 1;
    static final int WEAK = 2;
    static final int SECTION_UNDEFINED = 0;
    static final int SECTION_RESERVED = 0xff00;

    private static final int INTERNAL = 1;
    private static final int HIDDEN = 2;

    boolean isGlobalOrWeak() {
        return bind == GLOBAL || bind == WEAK;
    }

    boolean isExtern() {
        return section == SECTION_UNDEFINED && isGlobalOrWeak() && type == TYPE_NONE;
    }

    boolean isHidden() {
        return visibility == HIDDEN || visibility == INTERNAL;
    }
}
