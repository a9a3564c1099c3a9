package dev.spinbpf.programs.btf;

/**
 * What a {@code .BTF} section holds.
 *
 * @param types the types
 * @param strings the strings, which {@code .BTF.ext} refers to as well
 */
public record BtfSection(Btf types, BtfStrings strings) {}
