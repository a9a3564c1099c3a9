package dev.spinbpf.vm.broken;

import java.time.Duration;
import java.util.List;

/** A search that a test asks of a copy: none of the types belongs to what is copied. */
@FunctionalInterface
public interface Search {
    /** Searches among the schedules of some programs, until a title that begins as is wanted; returns all titles. */
    List<String> titles(String programs, String wanted, Duration duration);
}
