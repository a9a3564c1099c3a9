package dev.spinbpf.verifier;

import dev.spinbpf.verifier.locking.LockUse;
import java.util.List;

/**
 * A verdict, and what the program does with locks on the paths that were explored for it.
 *
 * @param uses in the order of their first paths; of a program that is not accepted those up to the refusal
 * @param complete false if there were more uses than are kept
 */
public record LockVerdict(Verdict verdict, List<LockUse> uses, boolean complete) {}
