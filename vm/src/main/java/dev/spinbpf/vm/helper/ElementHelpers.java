package dev.spinbpf.vm.helper;

import dev.spinbpf.maps.map.BpfMap;
import dev.spinbpf.maps.map.ElementEvents;
import dev.spinbpf.maps.map.MapOperation;
import dev.spinbpf.vm.exec.Execution;
import dev.spinbpf.vm.exec.Helper;
import java.util.function.Function;

/**
 * Lookup, update and delete, which programs call most. Each is there twice: for any map, and for one that compiled code knows.
 * The latter is a lambda, as HotSpot takes what a lambda has captured for constants, and so inlines the map's own methods. The
 * three are written out on purpose: a method that they shared would be one more call that the interpreter cannot foresee.
 */
final class ElementHelpers {
    private ElementHelpers() {}

    static Helper lookup(EmulatedKernel kernel) {
        return new Helper() {
            @Override
            public long call(Execution run, long address, long key, long unused3, long unused4, long unused5) {
                BpfMap map = kernel.map(address);
                long found = lookup(run, map, key);
                ElementEvents.found(map, key, found); // Not in compiled code: simulations interpret.
                return found;
            }

            @Override
            public Helper forMap(long known) {
                return bound(
                        kernel,
                        known,
                        this,
                        map -> (run, address, key, _, _, _) ->
                                lookup(run, address == known ? map : kernel.map(address), key));
            }
        };
    }

    static Helper update(EmulatedKernel kernel) {
        return new Helper() {
            @Override
            public long call(Execution run, long address, long key, long value, long flags, long unused5) {
                return update(run, kernel.map(address), key, value, flags);
            }

            @Override
            public Helper forMap(long known) {
                return bound(
                        kernel,
                        known,
                        this,
                        map -> (run, address, key, value, flags, _) ->
                                update(run, address == known ? map : kernel.map(address), key, value, flags));
            }
        };
    }

    static Helper delete(EmulatedKernel kernel) {
        return new Helper() {
            @Override
            public long call(Execution run, long address, long key, long unused3, long unused4, long unused5) {
                return delete(run, kernel.map(address), key);
            }

            @Override
            public Helper forMap(long known) {
                return bound(
                        kernel,
                        known,
                        this,
                        map -> (run, address, key, _, _, _) ->
                                delete(run, address == known ? map : kernel.map(address), key));
            }
        };
    }

    private static Helper bound(EmulatedKernel kernel, long address, Helper anyMap, Function<BpfMap, Helper> oneMap) {
        BpfMap map = kernel.findMap(address);
        return map == null ? anyMap : oneMap.apply(map);
    }

    private static long lookup(Execution run, BpfMap map, long key) {
        return map.stats().countFound(run.cpu(), MapOperation.LOOKUP, map.lookup(run.cpu(), key));
    }

    private static long update(Execution run, BpfMap map, long key, long value, long flags) {
        return map.stats().count(run.cpu(), MapOperation.UPDATE, map.update(run.cpu(), key, value, flags));
    }

    private static long delete(Execution run, BpfMap map, long key) {
        return map.stats().count(run.cpu(), MapOperation.DELETE, map.delete(run.cpu(), key));
    }
}
