// Nothing: the target of this source has the headers that every test includes, parsed once (the root CMakeLists.txt).
