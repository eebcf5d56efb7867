cmake_minimum_required(VERSION 3.20)
include(CheckCXXCompilerFlag)
find_package(Threads REQUIRED)

set(SHOP_VERSION "1.2.0" CACHE STRING "The version")
option(SHOP_TESTS "Build the tests" ON)

# Adds a flag if the compiler knows it.
function(add_flag_if_known target flag)
  check_cxx_compiler_flag("${flag}" known)
  if(known)
    target_compile_options(${target} PRIVATE "${flag}")
  endif()
endfunction()

macro(shop_library name)
  add_library(${name} ${ARGN})
  add_flag_if_known(${name} -Wall)
endmacro()

# The shop itself.
add_executable(shop
  main.cpp
  cart.cpp
)
shop_library(cart STATIC cart.cpp)
add_subdirectory(tests)
add_test(NAME cart_test COMMAND cart_test)
