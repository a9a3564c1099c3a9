package dev.spinbpf.vm.order;

import dev.spinbpf.programs.model.MapDef;
import dev.spinbpf.programs.model.Program;
import dev.spinbpf.verifier.locking.LockUse;
import java.util.List;

/**
 * A program that was verified, with what it does with locks.
 *
 * @param file the object's file name, as reports show it
 * @param object number of the object among all that are looked at: maps are told apart by it, unless they are pinned
 * @param maps the object's maps, which the uses refer to
 * @param uses what the verifier saw on the program's paths
 */
public record LockProgram(String file, int object, List<MapDef> maps, Program program, List<LockUse> uses) {}
