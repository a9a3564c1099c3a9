/** What a program is once it is read: object, program, map, type and helper names. */
@NullMarked
package dev.spinbpf.programs.model;

import org.jspecify.annotations.NullMarked;
