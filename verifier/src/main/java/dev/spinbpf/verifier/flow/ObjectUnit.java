package dev.spinbpf.verifier.flow;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfRecord;
import dev.spinbpf.programs.btf.ObjectTypeRules;
import dev.spinbpf.programs.btf.StructRecords;
import dev.spinbpf.programs.model.LoadRefusal;
import dev.spinbpf.programs.model.MapDef;
import dev.spinbpf.programs.model.ObjectLoading;
import dev.spinbpf.programs.model.ProgramObject;
import dev.spinbpf.verifier.kernel.Kernel;
import dev.spinbpf.verifier.state.MapInfo;
import dev.spinbpf.verifier.state.RegPayload;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An object and the kernel that it is loaded into, as far as no program of it matters. All programs of an object share one,
 * one verification after the other.
 */
public final class ObjectUnit {
    private final ProgramObject object;
    private final Kernel kernel;
    private final Btf kernelTypes;
    private final Btf types;
    private final @Nullable LoadRefusal refusal;
    private final List<MapInfo> maps;
    private final Map<RegPayload.BtfRef, BtfRecord> structRecords = new HashMap<>();

    /**
     * Finds out what becomes of the object before its programs are verified.
     *
     * @param kernel the kernel whose rules hold
     * @param kernelTypes the kernel's types; {@link Btf#EMPTY} if there are none
     */
    public ObjectUnit(ProgramObject object, Kernel kernel, Btf kernelTypes) {
        this.object = object;
        this.kernel = kernel;
        this.kernelTypes = kernelTypes;
        String typeProblem = ObjectTypeRules.problem(object.btf(), kernelTypes, kernel.structs()::isDestructible);
        boolean typesAreTaken = typeProblem.isEmpty();
        types = typesAreTaken ? object.btf() : Btf.EMPTY;
        refusal = ObjectLoading.refusal(object, typeProblem, kernel);
        List<MapInfo> infos = new ArrayList<>();
        for (MapDef map : object.maps()) {
            infos.add(new MapInfo(map, infos.size(), object.btf(), typesAreTaken));
        }
        maps = List.copyOf(infos);
    }

    /** The reason why no program of the object gets to the verifier; null if they do. */
    public @Nullable LoadRefusal refusal() {
        return refusal;
    }

    ProgramObject object() {
        return object;
    }

    Kernel kernel() {
        return kernel;
    }

    Btf kernelTypes() {
        return kernelTypes;
    }

    /** The object's types; {@link Btf#EMPTY} if Linux does not take them. */
    Btf types() {
        return types;
    }

    /** The object's maps, by index. */
    List<MapInfo> maps() {
        return maps;
    }

    /** The special fields of a struct that programs allocate; empty if it has none or breaks their rules. */
    BtfRecord structRecord(Btf types, int typeId) {
        return structRecords.computeIfAbsent(
                new RegPayload.BtfRef(types, typeId), key -> StructRecords.of(types, typeId));
    }
}
