/** What the verifier knows of a number: known bits, circular ranges, and every operation on them. */
@NullMarked
package dev.spinbpf.verifier.domain;

import org.jspecify.annotations.NullMarked;
