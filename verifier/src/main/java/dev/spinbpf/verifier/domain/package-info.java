/**
 * Numbers as the verifier knows them: known bits, circular ranges, and every operation on both.
 *
 * <p>Knows neither registers nor programs.
 */
@NullMarked
package dev.spinbpf.verifier.domain;

import org.jspecify.annotations.NullMarked;
