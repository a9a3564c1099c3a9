package dev.spinbpf.programs.btf;

/**
 * The change to an instruction that has a CO-RE relocation.
 *
 * @param description the path that was looked for, in libbpf's notation; empty where it was found
 * @param poison nothing in the target corresponds: the instruction must not be reached
 * @param validate true if the instruction must hold {@code originalValue} now
 * @param originalValue the value that the compiler put in
 * @param newValue the value to put in
 * @param wrongAccess for loads and stores: the field has another size, and cannot be accessed with that
 * @param originalSize size of the field in bytes, for loads and stores; 0 if it does not matter
 * @param newSize size of the target's field in bytes, 0 if it does not matter
 */
public record CoreResult(
        String description,
        boolean poison,
        boolean validate,
        long originalValue,
        long newValue,
        boolean wrongAccess,
        long originalSize,
        long newSize) {}
