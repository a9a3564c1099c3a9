package dev.spinbpf.programs.btf;

/**
 * The contents of a {@code .BTF} section.
 *
 * @param types the types
 * @param strings the strings, which {@code .BTF.ext} refers to as well
 */
public record BtfSection(Btf types, BtfStrings strings) {}
