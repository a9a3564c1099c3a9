package dev.spinbpf.verifier.check;

/** Which way data goes. */
public enum AccessType {
    READ,
    WRITE
}
