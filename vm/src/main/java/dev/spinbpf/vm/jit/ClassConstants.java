package dev.spinbpf.vm.jit;

import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.DynamicConstantDesc;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;

/** The objects that a compiled class loads as constants, so that the JVM knows their classes and fields. */
final class ClassConstants {
    private final List<Object> objects = new ArrayList<>();
    private final IdentityHashMap<Object, Integer> indices = new IdentityHashMap<>();

    /** Returns a constant that stands for the object in the class file. */
    DynamicConstantDesc<Object> of(Object object, Class<?> type) {
        int index = indices.computeIfAbsent(object, added -> {
            objects.add(added);
            return objects.size() - 1;
        });
        ClassDesc desc = ClassDesc.ofDescriptor(type.descriptorString());
        return DynamicConstantDesc.ofNamed(ConstantDescs.BSM_CLASS_DATA_AT, ConstantDescs.DEFAULT_NAME, desc, index);
    }

    /** Returns the objects, to be passed with the class file. */
    List<Object> objects() {
        return objects;
    }
}
