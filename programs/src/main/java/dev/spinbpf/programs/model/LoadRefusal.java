package dev.spinbpf.programs.model;

/**
 * The end of an attempt to load an object before the kernel's verifier saw a program of it: a loader's or map creation's.
 *
 * @param errno the positive error number that loading fails with
 * @param message the first warning of libbpf, with its prefix
 * @param reason the reason in plain words, a sentence or several; may be empty
 */
public record LoadRefusal(int errno, String message, String reason) {}
