/** The verifier's output: states and instructions in Linux's form, and the explanation of a refusal in plain words. */
@NullMarked
package dev.spinbpf.verifier.log;

import org.jspecify.annotations.NullMarked;
