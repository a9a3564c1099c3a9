/** The page that {@code spinbpf verify --html} writes. Output for terminals and other programs is in {@code tools.report}. */
@NullMarked
package dev.spinbpf.tools.report.page;

import org.jspecify.annotations.NullMarked;
