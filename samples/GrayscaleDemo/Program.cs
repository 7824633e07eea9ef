using GrayscaleDemo;

return Demo.Run(args);
