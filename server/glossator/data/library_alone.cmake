# Read by CMake at the beginning of llama.cpp's own project, where llama-cpp-python builds it: with it, only llama.cpp's
# library is built. llama-cpp-python asks for what llama.cpp's programs share, and uses no more of it than Glossator does.
set(LLAMA_BUILD_COMMON OFF)
