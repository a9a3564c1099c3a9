package dev.spinbpf.programs.elf;

import dev.spinbpf.programs.btf.Btf;

/**
 * Something that an object uses and does not define.
 *
 * @param symbolIndex index of its symbol
 * @param name its name as declared
 * @param btfId id of its VAR or FUNC type
 */
record Extern(int symbolIndex, String name, boolean weak, int btfId, Role role) {
    /** The thing that it stands for. */
    sealed interface Role {}

    /** A kernel function. */
    record Function() implements Role {}

    /** A kernel variable, of a type that the object knows, or {@code void}. */
    record Variable(boolean typed) implements Role {}

    /** A setting of the kernel's configuration, at a place in map {@code .kconfig}. */
    record Setting(int offset, int size, Shape shape, boolean signed) implements Role {}

    /** Type of a {@link Setting}. */
    enum Shape {
        BOOL,
        TRISTATE,
        CHAR,
        INT,
        CHAR_ARRAY
    }

    /** The name without a {@code ___flavor}. */
    String essentialName() {
        return name.substring(0, Btf.essentialNameLength(name));
    }
}
