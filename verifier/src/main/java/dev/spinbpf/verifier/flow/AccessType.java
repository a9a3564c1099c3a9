package dev.spinbpf.verifier.flow;

/** Which way data goes. */
public enum AccessType {
    READ,
    WRITE
}
