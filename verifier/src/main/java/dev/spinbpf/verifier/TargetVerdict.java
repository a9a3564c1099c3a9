package dev.spinbpf.verifier;

import org.jspecify.annotations.Nullable;

/**
 * A verdict, and the program as others attach to it.
 *
 * @param target null if the program was not accepted
 */
public record TargetVerdict(Verdict verdict, @Nullable VerifiedTarget target) {}
