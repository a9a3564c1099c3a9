/** The pages that {@code --html} of {@code verify}, {@code explore} and {@code replay} writes. Output for terminals and other programs is in {@code tools.report}. */
@NullMarked
package dev.spinbpf.tools.report.page;

import org.jspecify.annotations.NullMarked;
