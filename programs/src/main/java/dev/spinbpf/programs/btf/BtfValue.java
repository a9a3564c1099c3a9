package dev.spinbpf.programs.btf;

import java.util.List;

/** A value of a BTF type, as a tree; made by {@link BtfFormatter}. */
public sealed interface BtfValue {
    /** A number in decimal digits. */
    record Number(String digits) implements BtfValue {}

    /** A number that is written in hexadecimal: bit fields and 128-bit integers; with its {@code 0x}. */
    record Hex(String digits) implements BtfValue {}

    /** A pointer. */
    record Pointer(long address) implements BtfValue {}

    /** The name of an enumeration's value, characters, or a char array's contents up to its terminating zero. */
    record Text(String text) implements BtfValue {}

    record Bool(boolean value) implements BtfValue {}

    /** A struct, a union (all its members, overlaid), a variable by name, or a section of them. */
    record Struct(List<Field> fields) implements BtfValue {}

    /** @param name the member's name; empty for an anonymous struct or union */
    record Field(String name, BtfValue value) {}

    record Items(List<BtfValue> items) implements BtfValue {}

    /** The value as JSON on one line, as {@code bpftool -j map dump} writes it. */
    default String toJson() {
        return new BtfValueWriter(false).write(this);
    }

    /** The value as indented lines, as {@code bpftool map dump} writes it. */
    default String toText() {
        return new BtfValueWriter(true).write(this);
    }
}
