package dev.spinbpf.verifier.flow;

/** The direction in which data goes. */
public enum AccessType {
    READ,
    WRITE
}
